import assert from "node:assert/strict";
import { s3Secret } from "../../../backends/s3";
import { destroy, expectNoChanges, preview, type RunResult, up, warnings } from "../../support/engine";
import { owningStackName } from "../../../platforms/owning-stack";
import { testCluster, until } from "./harness";
import { assertRefused, nfs, nfsClaim } from "./runs";

const namespace = "openshift-image-registry";

describe("objects that somebody made by hand under the names of the stack's own", function () {
  this.timeout("4m");
  const cluster = testCluster();
  beforeEach(() => cluster.fresh());

  it("a volume and a bound claim: the preview tells what of them changes hands, and the up does just that", async () => {
    await pairByHand({ persistentVolumeReclaimPolicy: "Recycle" });
    const run = cluster.stack("dev", nfs);
    const said = told(await preview(run));
    const volume = `of the PersistentVolume "${nfsClaim}"`;
    assert.deepEqual(
      said.filter((line) => line.includes("PersistentVolume")),
      [
        `will change spec.accessModes ${volume} from ["ReadWriteMany","ReadWriteOnce"] (set by test-by-hand) to ["ReadWriteMany"]`,
        `will change spec.persistentVolumeReclaimPolicy ${volume} from "Recycle" (set by test-by-hand) to "Retain"`,
      ],
    );
    const claim = (await cluster.get("PersistentVolumeClaim", nfsClaim))?.metadata.uid;
    await up(run);
    const { spec, status } = (await cluster.get("PersistentVolume", nfsClaim))!;
    assert.deepEqual(spec?.accessModes, ["ReadWriteMany"]);
    assert.deepEqual([spec.persistentVolumeReclaimPolicy, status?.phase], ["Retain", "Bound"]);
    assert.equal((await cluster.get("PersistentVolumeClaim", nfsClaim))?.metadata.uid, claim);
    await expectNoChanges(run);
  });

  it("a volume that is mounted read-only is refused", async () => {
    await pairByHand({ nfs: { server: nfs.nfs.server, path: nfs.nfs.path, readOnly: true } });
    await assertRefused(cluster, cluster.stack("dev", nfs), /nfs\.volumeName: .* is mounted read-only/);
  });

  it("the Secret with the keys of s3: told without the values, taken over, and gone with the keys", async () => {
    const by = { [s3Secret.accessKey]: "former-access-key", [s3Secret.secretKey]: "former-secret-key" };
    await cluster.create("Secret", s3Secret.name, { stringData: by }, "oc-create");
    const keys = { s3AccessKey: "asked-access-key", s3SecretKey: "asked-secret-key" };
    const s3 = { bucket: "images", region: "us-east-1" };
    const run = cluster.stack("dev", { backend: "s3", s3, ...keys });
    const previewed = await preview(run);
    for (const key of [s3Secret.accessKey, s3Secret.secretKey]) {
      const line = `will change data.${key} of the Secret "${s3Secret.name}" (set by oc-create); no value of it is shown`;
      assert.ok(told(previewed).includes(line), previewed.printed);
    }
    assert.doesNotMatch(previewed.printed, /former-secret-key/);
    await up(run);
    const { data = {} } = (await cluster.get("Secret", s3Secret.name))!;
    assert.equal(Buffer.from(data[s3Secret.secretKey]!, "base64").toString(), keys.s3SecretKey);
    await expectNoChanges(run);

    // Without keys of its own, the operator would have none; with them, it would still prefer those of before.
    const keyless = cluster.stack("dev", { backend: "s3", s3 });
    await assertRefused(
      cluster,
      keyless,
      /s3AccessKey: is not given, and the operator has no keys of its own/,
    );
    await cluster.create("Secret", "installer-cloud-credentials", {
      stringData: { aws_access_key_id: "own" },
    });
    assert.match(warnings(await preview(keyless)), /is given no more: will delete Secret/);
    await up(keyless);
    assert.equal(await cluster.get("Secret", s3Secret.name), undefined);
    await expectNoChanges(keyless);
    await cluster.delete("Secret", "installer-cloud-credentials");
  });

  it("a first up that ended before it came to the Config is not said to have lost one", async () => {
    const data = { stack: "organization/image-registry/dev" };
    await cluster.create("ConfigMap", owningStackName, { data, immutable: true });
    assert.doesNotMatch(warnings(await preview(cluster.stack("dev", nfs))), /made anew/);
  });

  it("the reclaim policy of the stack's volume, changed by hand, is put back though nothing else changed", async () => {
    const run = cluster.stack("dev", nfs);
    await up(run);
    await policy("Delete");
    assert.match(
      warnings(await preview(run)),
      /will put back spec\.persistentVolumeReclaimPolicy of the PersistentVolume .*"Delete" by kubectl-patch/,
    );
    await up(run);
    assert.equal(await policy(), "Retain");
    await expectNoChanges(run);
  });

  it("mount options that running pods do not see are told, and that they stay with the old ones", async () => {
    await up(cluster.stack("dev", nfs));
    const softer = cluster.stack("dev", {
      ...nfs,
      nfs: { ...nfs.nfs, mountOptions: ["nfsvers=4.1", "hard"] },
    });
    const told =
      /nfs\.mountOptions: .*has \[nfsvers=4\.2, hard\], asked is \[nfsvers=4\.1, hard\]: pods that run keep the old/;
    assert.match(warnings(await preview(softer)), told);
  });

  const ways: [how: string, bringUp: () => Promise<unknown>][] = [
    ["by hand", () => cluster.patch("Config", "cluster", { spec: { managementState: "Managed" } })],
    [
      "by an up of the Config alone (--target)",
      () => up(cluster.stack("dev", nfs), "--target", "**::registry"),
    ],
  ];
  for (const [how, bringUp] of ways) {
    it(`a registry that was Removed, and is brought up again ${how}, keeps all it stands on at destroy`, async () => {
      const down = cluster.stack("dev", { ...nfs, managementState: "Removed" });
      await up(cluster.stack("dev", nfs));
      await up(down);
      await bringUp();
      await policy("Recycle");
      await until("it serves", async () => {
        return (await cluster.get("Deployment", "image-registry"))?.status?.availableReplicas === 1;
      });
      await destroy(down);
      const claim = (await cluster.get("PersistentVolumeClaim", nfsClaim))!;
      assert.deepEqual([claim.status?.phase, claim.metadata.deletionTimestamp], ["Bound", undefined]);
      assert.equal((await cluster.config()).spec.storage?.pvc?.claim, nfsClaim);
    });
  }

  /** The volume's policy, changed first where one is given. */
  async function policy(to?: string): Promise<string | undefined> {
    if (to)
      await cluster.patch("PersistentVolume", nfsClaim, { spec: { persistentVolumeReclaimPolicy: to } });
    return (await cluster.get("PersistentVolume", nfsClaim))?.spec?.persistentVolumeReclaimPolicy;
  }

  async function pairByHand(more: object): Promise<void> {
    const { server, path, size } = nfs.nfs;
    await cluster.create(
      "PersistentVolume",
      nfsClaim,
      {
        spec: {
          capacity: { storage: size },
          accessModes: ["ReadWriteMany", "ReadWriteOnce"],
          storageClassName: "",
          claimRef: { namespace, name: nfsClaim },
          nfs: { server, path },
          ...more,
        },
      },
      "test-by-hand",
    );
    const resources = { requests: { storage: size } };
    const spec = { accessModes: ["ReadWriteMany"], resources, storageClassName: "", volumeName: nfsClaim };
    await cluster.create("PersistentVolumeClaim", nfsClaim, { spec }, "test-by-hand");
    await until("the claim is bound", async () => {
      return (await cluster.get("PersistentVolumeClaim", nfsClaim))?.status?.phase === "Bound";
    });
  }
});

function told({ diagnostics }: RunResult): string[] {
  return diagnostics.map(({ message }) => message.trim()).filter((line) => line.startsWith("will change"));
}
