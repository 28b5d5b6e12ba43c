import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { dev, host, onHost, onNfs, onS3, sshPrivateKey } from "../support/configuration";
import { claim, onInfra, registryConfig } from "../support/fixtures";
import { configPatch, type Inputs, patience } from "../support/monitor";
import { changed, judge, type Registration, registrations } from "./judge";

const infra = { placement: { infra: true } };
const deployment = "kubernetes:apps/v1:Deployment";
const command = "command:remote:Command";
const platforms = {
  operator: { values: {}, registry: configPatch },
  standalone: { values: { platform: "standalone" }, registry: deployment },
};
const bastion = { address: "bastion.example.com", hostKey: host.hostKey };

/** The one violation there must be. */
async function refusal(resources: readonly Registration[], stack = "dev"): Promise<string> {
  const all = await judge(resources, stack);
  assert.equal(all.length, 1, all.join("\n"));
  return all[0] as string;
}

/** Changes a text that must hold what is replaced. */
const replacing = (from: string, to: string) => (text: unknown) => {
  assert.ok(String(text).includes(from));
  return String(text).replaceAll(from, to);
};

describe("the policies", function () {
  this.timeout(patience);
  after(() => pulumi.runtime.setAllConfig({}));

  for (const [platform, { values, registry }] of Object.entries(platforms)) {
    describe(`on platform ${platform}`, () => {
      it("have nothing to say of a production stack's first preview, whatever its backend", async () => {
        const whole = onNfs({ host: { ...host, bastion, nfs3: true }, clientHosts: [bastion] });
        const backends = [
          onNfs(),
          { ...whole, sshPrivateKey, replicas: 2, verifyHosts: true },
          onS3(),
          ...(platform === "operator"
            ? [
                { ...dev, backend: "pvc", pvc: { claim: "images" }, replicas: 2 },
                { ...dev, backend: "gcs", gcs: { bucket: "images" } },
              ]
            : []),
        ];
        for (const backend of backends) {
          const found = { claims: [claim("images")] };
          const resources = await registrations({ ...backend, ...infra, ...values }, found);
          assert.deepEqual(await judge(resources, "prod"), [], backend.backend);
        }
      });

      it("let a stack that is not production keep its images in an emptyDir, on any node", async () => {
        assert.deepEqual(await judge(await registrations({ ...dev, ...values }), "dev"), []);
      });

      it("refuse an emptyDir in production", async () => {
        assert.match(
          await refusal(await registrations({ ...dev, ...infra, ...values }), "prod-eu"),
          /^no-empty-dir-in-production: spec\.\S+ is an emptyDir, which loses every image with its pod; set backend to nfs, pvc or s3 \(stack "prod-eu" is production\)$/,
        );
      });

      it("refuse any node but infra nodes in production", async () => {
        assert.match(
          await refusal(await registrations({ ...onNfs(), ...values }), "prod"),
          /^registry-on-infra-nodes: spec\.\S*nodeSelector is \{\} and must have "node-role\.kubernetes\.io\/infra"; set placement\.infra to true/,
        );
        const placement = { ...onInfra, infra: true, nodeSelector: { "kubernetes.io/os": "linux" } };
        assert.match(
          await refusal(await registrations({ ...onNfs(), ...values, placement }), "prod"),
          /nodeSelector is \{"kubernetes\.io\/os":"linux"\} and must have/,
        );
      });

      it("refuse a second replica on an emptyDir, and on a claim for one node", async () => {
        const more = (resources: Registration[]) => changed(resources, registry, "spec.replicas", () => 2);
        assert.match(
          await refusal(more(await registrations({ ...dev, ...values }))),
          /^replicas-share-storage: spec\.replicas is 2 and must be 1 with an emptyDir/,
        );
        const once = { ...onNfs({ accessModes: ["ReadWriteOnce"] }), rolloutStrategy: "Recreate" };
        assert.match(
          await refusal(more(await registrations({ ...once, ...values }))),
          /must be 1 with claim "image-registry-nfs", whose accessModes are ReadWriteOnce; set replicas to 1, or accessModes of nfs or pvc to \[ReadWriteMany\]$/,
        );
      });

      it("refuse a volume that goes with its claim", async () => {
        const resources = await registrations({ ...onNfs(), ...values });
        const reclaimed = (policy?: string) =>
          changed(
            resources,
            "kubernetes:core/v1:PersistentVolume",
            "spec.persistentVolumeReclaimPolicy",
            () => policy,
          );
        assert.match(
          await refusal(reclaimed("Delete")),
          /^volumes-retained: spec\.persistentVolumeReclaimPolicy is "Delete" and must be "Retain"/,
        );
        assert.match(await refusal(reclaimed()), /is missing and must be "Retain"/);
      });
    });
  }

  it("refuse a class, or a patch of a volume, that lets volumes go with their claims", async () => {
    const made = (type: string, wire: Inputs) => [{ type: `kubernetes:${type}`, name: "extra", wire }];
    const volume = (spec: Inputs) => made("core/v1:PersistentVolumePatch", { spec });
    const storageClass = (inputs: Inputs) => made("storage.k8s.io/v1:StorageClass", inputs);
    assert.match(
      await refusal(volume({ persistentVolumeReclaimPolicy: "Delete" })),
      /^volumes-retained: spec\.persistentVolumeReclaimPolicy is "Delete"/,
    );
    assert.match(
      await refusal(storageClass({ reclaimPolicy: "Delete" })),
      /^volumes-retained: reclaimPolicy is "Delete"/,
    );
    assert.match(await refusal(storageClass({})), /reclaimPolicy is missing and must be "Retain"/);
    const spec = { persistentVolumeReclaimPolicy: "Delete" };
    const others = [
      made("core/v1:PersistentVolumeList", {
        items: [{ spec: { persistentVolumeReclaimPolicy: "Retain" } }, { spec }],
      }),
      made("v1:PersistentVolume", { spec }), // as a CustomResource
    ];
    for (const resources of others)
      assert.match(await refusal(resources), /persistentVolumeReclaimPolicy is "Delete"/);
    const retained = [
      volume({ persistentVolumeReclaimPolicy: "Retain" }),
      volume({ capacity: { storage: "1Gi" } }),
      storageClass({ reclaimPolicy: "Retain" }),
      made("storage.k8s.io/v1:StorageClassPatch", { allowVolumeExpansion: true }),
    ];
    for (const resources of retained) assert.deepEqual(await judge(resources, "dev"), []);
  });

  it("let a standalone pod have an emptyDir that holds no images", async () => {
    const resources = await registrations({ ...onNfs(), ...infra, platform: "standalone" });
    const scratch = changed(resources, deployment, "spec.template.spec.volumes", (volumes) => [
      ...(volumes as unknown[]),
      { name: "tmp", emptyDir: {} },
    ]);
    assert.deepEqual(await judge(scratch, "prod"), []);
  });
});

describe("the policies on hosts", function () {
  this.timeout(patience);
  after(() => pulumi.runtime.setAllConfig({}));

  const sent = async (path: string, change: (value: unknown) => unknown, values: Inputs = onHost()) =>
    changed(await registrations(values), command, path, change);

  it("refuse an export to the world, however it is written", async () => {
    for (const world of ["0.0.0.0/0(", "*(", "::/0(", "10.0.0.0/24 ("]) {
      assert.match(
        await refusal(await sent("stdin", replacing("10.0.0.0/24(", world))),
        /^no-world-open-export: stdin exports \/srv\/registry: "\S*" opens the export to every host; name the nodes' networks$/,
      );
    }
  });

  it("refuse an export to a network that is too wide, and one that trusts a client's root", async () => {
    assert.match(
      await refusal(await sent("stdin", replacing("10.0.0.0/24(", "10.0.0.0/6("))),
      /"10\.0\.0\.0\/6" is wider than \/8/,
    );
    assert.match(
      await refusal(await sent("stdin", replacing("all_squash", "no_root_squash"))),
      /to "10\.0\.0\.0\/24" with no_root_squash/,
    );
  });

  it("refuse the same in a command that somebody wrote by hand", async () => {
    assert.match(
      await refusal(await sent("create", () => "echo '/srv/registry *(rw)' >> /etc/exports && exportfs -r")),
      /^no-world-open-export: create exports \/srv\/registry: "\*"/,
    );
  });

  it("refuse it in quotes, and on a line that goes on", async () => {
    const written = ["echo '\"/srv/my registry\" *(rw)'", "cat > f <<END\n/srv/registry \\\n  *(rw)\nEND"];
    for (const script of written)
      assert.match(
        await refusal(await sent("create", () => script)),
        /^no-world-open-export: create exports .*"\*"/,
      );
  });

  it("say so where a script is not known before up", async () => {
    assert.match(
      await refusal(await sent("stdin", () => pulumi.runtime.unknownValue)),
      /can't run policy 'no-world-open-export'.*during preview.*stdin/,
    );
  });

  it("refuse a host, or its bastion, whose key is not pinned", async () => {
    assert.match(
      await refusal(await sent("connection.hostKey", () => undefined)),
      /^host-keys-pinned: connection\.hostKey of host "nfs\.example\.com" is missing.*ssh-keyscan -t ed25519 nfs\.example\.com/,
    );
    assert.match(
      await refusal(await sent("connection.proxy.hostKey", () => "SHA256:abc", onHost({ bastion }))),
      /connection\.proxy\.hostKey of host "bastion\.example\.com" is no SSH public key/,
    );
  });
});

describe("the policy on secrets", function () {
  this.timeout(patience);
  after(() => pulumi.runtime.setAllConfig({}));

  const inPlain = (secret: unknown) => {
    assert.ok(pulumi.runtime.isRpcSecret(secret));
    return pulumi.runtime.unwrapRpcSecret(secret) as unknown;
  };

  it("refuses a private key in plain text, in a connection or anywhere else", async () => {
    const resources = await registrations(onHost({ bastion }));
    assert.deepEqual(
      (await judge(changed(resources, command, "connection", inPlain), "dev")).map(
        (text) => text.split(" and must")[0],
      ),
      ["privateKey", "proxy.privateKey"].map(
        (key) => `secrets-encrypted: connection.${key} is in plain text`,
      ),
    );
    const written = changed(
      resources,
      command,
      "stdin",
      () => "cat > key <<END\n-----BEGIN RSA PRIVATE KEY-----\nEND",
    );
    assert.match(await refusal(written), /^secrets-encrypted: stdin is in plain text/);
  });

  it("refuses an http secret in plain text, without repeating it", async () => {
    // One that the stack's own patch wrote before is kept, and known already in a preview.
    const ours = { manager: "image-registry-operator-patch", operation: "Apply" };
    const config = registryConfig({ httpSecret: "hunter2" });
    const managedFields = [{ ...ours, fieldsV1: { "f:spec": { "f:httpSecret": {} } } }];
    const found = { config: { ...config, metadata: { ...config.metadata, managedFields } } };
    const resources = await registrations(dev, found);
    assert.deepEqual(await judge(resources, "dev"), []);
    const refused = await refusal(changed(resources, configPatch, "spec.httpSecret", inPlain));
    assert.match(refused, /^secrets-encrypted: spec\.httpSecret is in plain text and must be secret/);
    assert.ok(!refused.includes("hunter2"));
  });

  it("refuses a kubeconfig in plain text, and lets its path be seen", async () => {
    const resources = await registrations(dev);
    const given = (kubeconfig: (secret: unknown) => unknown) =>
      changed(resources, "pulumi:providers:kubernetes", "kubeconfig", kubeconfig);
    assert.match(await refusal(given(inPlain)), /^secrets-encrypted: kubeconfig is in plain text/);
    assert.deepEqual(
      await judge(
        given(() => "/home/me/.kube/config"),
        "dev",
      ),
      [],
    );
  });
});
