import assert from "node:assert/strict";
import {
  changes,
  configurationOf,
  destroy,
  failure,
  preview,
  type RunResult,
  type StackRun,
  up,
  warnings,
} from "../../support/engine";
import { startControlPlane } from "../../../sandbox/control-plane";
import { readStatus } from "../../../status/status";
import { testCluster, TestCluster, until } from "./harness";
import type { Live } from "./objects";
import { acceptImageLoss, assertRefused, besideNobody, nfs, nfsClaim } from "./runs";

const name = "image-registry";
const secretName = "image-registry-http";
const emptyDir = { backend: "emptyDir", replicas: 1 };
const once = { ...nfs, nfs: { ...nfs.nfs, accessModes: ["ReadWriteOnce"] }, rolloutStrategy: "Recreate" };
const removed = { managementState: "Removed" };

describe("platform standalone, on a cluster without the registry's operator", function () {
  this.timeout("3m");
  const cluster = testCluster(
    startControlPlane,
    new TestCluster(name, [
      "Deployment",
      "Namespace",
      "NetworkPolicy",
      "PersistentVolume",
      "PersistentVolumeClaim",
      "Pod",
      "PodDisruptionBudget",
      "Secret",
      "Service",
    ]),
  );
  const stack = (overlay: Record<string, unknown> = {}) =>
    cluster.stack("standalone", { ...nfs, replicas: 2, acceptImageLoss: "", ...overlay });

  describe("a registry", () => {
    before(fresh);

    it("comes up with what it needs, its replicas on hosts of their own", async () => {
      const result = await serving(stack(), 2);
      assert.deepEqual(clusterChanges(result), [
        "create namespace",
        "create registry",
        "create registry-budget",
        "create registry-http-secret",
        "create registry-network-policy",
        "create registry-service",
        "create stack-name",
        "create storage-claim",
        "create storage-volume",
      ]);
      const pods = await cluster.pods();
      assert.equal(new Set(pods.map(({ spec }) => spec?.nodeName)).size, 2);
      assert.deepEqual(pods.map(storage), [nfsClaim, nfsClaim]);
    });

    it("says where it is and how it is", async () => {
      const { outputs } = await up(stack());
      assert.equal(outputs["endpoint"], "image-registry.image-registry.svc:5000");
      assert.deepEqual(
        [outputs["backend"], outputs["claim"], outputs["volume"]],
        ["nfs", nfsClaim, nfsClaim],
      );
      assert.match(JSON.stringify(outputs["conditions"]), /"Available":"True \(MinimumReplicasAvailable\)/);
    });

    it("is left alone by an up that has nothing to change", async () => {
      const before = await cluster.settledVersions();
      assert.deepEqual(changes(await preview(stack())), []);
      assert.deepEqual(changes(await up(stack())), []);
      assert.deepEqual(await cluster.versions(), before);
    });

    it("waits for an up, as its status says, once its stack asks for something else", async () => {
      const asOf = (run: StackRun) => readStatus(configurationOf(run));
      assert.deepEqual((await asOf(stack())).drift, []);
      const { converged, drift } = await asOf(stack({ registry: { readOnly: true } }));
      assert.equal(converged, false);
      assert.match(
        drift.join("\n"),
        /^an up will change spec\.template\..*READONLY\] of the Deployment; no/m,
      );
    });

    it("serves with what was asked at the moment an up ends", async () => {
      await serving(stack({ replicas: 3 }), 3);
      await serving(stack({ replicas: 1, registry: { readOnly: true } }), 1);
      const [pod] = await cluster.pods();
      const env = pod?.spec?.containers[0]?.env?.find((one) => /READONLY/.test(one.name));
      assert.equal(env?.value, "{enabled: true}");
      const placement = { infra: true };
      await serving(stack({ placement }), 2);
      const nodes = (await cluster.pods()).map(({ spec }) => spec?.nodeName);
      assert.deepEqual(nodes.sort(), ["infra-0", "infra-1"]);
    });

    it("serves over TLS once the Secret is there, and with a renewed certificate after the next up", async () => {
      const run = stack({ standalone: { tlsSecret: "registry-tls" } });
      const message =
        /standalone\.tlsSecret: namespace image-registry has no Secret "registry-tls" with tls\.crt/;
      await assertRefused(cluster, run, message);

      await cluster.create("Secret", "registry-tls", { stringData: { "tls.crt": "a", "tls.key": "b" } });
      await serving(run, 2);
      const [before] = await cluster.pods();
      assert.equal(before?.spec?.containers[0]?.readinessProbe?.httpGet?.scheme, "HTTPS");
      await cluster.patch("Secret", "registry-tls", { stringData: { "tls.crt": "renewed" } });
      assert.deepEqual(changes(await up(run)), ["update registry"]);
      assert.ok(!(await cluster.pods()).some(({ metadata }) => metadata.uid === before?.metadata.uid));
    });
  });

  describe("changes by hand", () => {
    before(async () => {
      await fresh();
      await up(stack());
    });

    const edits: [string, RegExp, () => Promise<void>][] = [
      [
        "another number of pods",
        /put back spec\.replicas of the Deployment: it is 5 by kubectl-patch, asked is 2/,
        () => edit({ replicas: 5 }),
      ],
      [
        "another image",
        /containers\[registry\]\.image of the Deployment: it is "docker\.io\/library\/busybox" by kubectl-patch/,
        () => editContainer({ image: "docker.io/library/busybox" }),
      ],
      [
        "a probe taken away",
        /containers\[registry\]\.readinessProbe of the Deployment: it is gone by hand/,
        () => editContainer({ readinessProbe: null }),
      ],
      [
        "another port, which the server would refuse beside ours",
        /ports\[registry\]\.containerPort of the Deployment: it is 5001 by hand/,
        () => editContainer({ ports: [{ name: "registry", containerPort: 5001 }] }),
      ],
      [
        "a second volume",
        /spec\.template\.spec\.volumes\[scratch\] of the Deployment: it was added by kubectl-patch/,
        addVolume,
      ],
      [
        "the host's network",
        /spec\.template\.spec\.hostNetwork of the Deployment: it was added by kubectl-patch/,
        () => edit({ template: { spec: { hostNetwork: true } } }),
      ],
    ];
    for (const [what, warning, byHand] of edits) {
      it(`are named in preview and put back by up: ${what}`, async () => {
        const asked = await template();
        await byHand();
        const previewed = await preview(stack());
        assert.match(warnings(previewed), warning);
        assert.deepEqual(changes(previewed), ["update registry"]);
        const diff = previewed.steps.find(({ op }) => op === "update")?.diff;
        assert.deepEqual(diff, ["metadata.annotations.image-registry/applied"]);

        await serving(stack(), 2);
        assert.deepEqual(await template(), asked);
        assert.deepEqual(changes(await preview(stack())), []);
        const before = await cluster.settledVersions();
        assert.deepEqual(changes(await up(stack())), []);
        assert.deepEqual(await cluster.versions(), before);
      });
    }

    it("are put back in the service too", async () => {
      await cluster.patch("Service", name, { spec: { selector: { app: "another" } } });
      const previewed = await preview(stack());
      const told = /put back spec\.selector\.app of the Service: it was added by kubectl-patch/;
      assert.match(warnings(previewed), told);
      assert.match((await readStatus(configurationOf(stack()))).drift.join("\n"), told);
      await serving(stack(), 2);
      const service = await cluster.get("Service", name);
      assert.deepEqual(service?.spec?.selector, { "app.kubernetes.io/name": name });
    });

    it("are put back in the network policy too, also when it is deleted: nobody opens the registry unseen", async () => {
      await cluster.patch("NetworkPolicy", name, { spec: { ingress: [{}] } });
      assert.match(warnings(await preview(stack())), /put back spec\.ingress.* of the NetworkPolicy/);
      await serving(stack(), 2);
      const { ingress = [] } = (await cluster.get("NetworkPolicy", name))?.spec ?? {};
      assert.match(JSON.stringify(ingress), /host-network.*5000|5000.*host-network/);

      await cluster.delete("NetworkPolicy", name);
      assert.deepEqual(changes(await preview(stack())), ["replace registry-network-policy"]);
      await serving(stack(), 2);
      assert.ok(await cluster.get("NetworkPolicy", name));
      assert.deepEqual(changes(await preview(stack())), []);
    });

    it("that restart the pods are no reason to restart them again", async () => {
      const annotations = { "kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z" };
      await edit({ template: { metadata: { annotations } } });
      assert.deepEqual(changes(await preview(stack())), []);
      await edit({ replicas: 1 });
      await serving(stack(), 2);
      const live = await cluster.get("Deployment", name);
      assert.deepEqual(live?.spec?.template.metadata?.annotations, annotations);
    });

    async function edit(spec: object): Promise<void> {
      await cluster.patch("Deployment", name, { spec });
    }

    async function editContainer(change: object): Promise<void> {
      const [container] = (await podOf()).containers;
      await edit({ template: { spec: { containers: [{ ...container, ...change }] } } });
    }

    async function addVolume(): Promise<void> {
      const { volumes = [] } = await podOf();
      await edit({ template: { spec: { volumes: [...volumes, { name: "scratch", emptyDir: {} }] } } });
    }

    async function podOf() {
      return (await cluster.get("Deployment", name))!.spec!.template.spec!;
    }

    async function template() {
      const { replicas, template } = (await cluster.get("Deployment", name))!.spec!;
      return { replicas, template };
    }
  });

  describe("what would lose images or could not work is refused, before anything is touched", () => {
    before(fresh);

    it("rolling pods, or two of them, on a ReadWriteOnce claim", async () => {
      const refused = (overlay: object, message: RegExp) =>
        assertRefused(cluster, stack({ ...once, replicas: 1, ...overlay }), message);
      await refused({ rolloutStrategy: "RollingUpdate" }, /rolloutStrategy: .* use "Recreate"/);
      await refused({ replicas: 2 }, /replicas: "2" is more than 1, the limit with .*ReadWriteOnce/);
      await serving(stack({ ...once, replicas: 1 }), 1);
      assert.equal((await cluster.get("Deployment", name))?.spec?.strategy?.type, "Recreate");
    });

    it("the same on an existing claim, and one that is not there", async () => {
      const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
      await cluster.create("PersistentVolumeClaim", "theirs", { spec });
      const on = (claim: string, overlay = {}) =>
        stack({ backend: "pvc", pvc: { claim }, replicas: 1, acceptImageLoss, ...overlay });
      await assertRefused(
        cluster,
        on("theirs"),
        /rolloutStrategy: "RollingUpdate", but .*"theirs" is ReadWriteOnce/,
      );
      await assertRefused(
        cluster,
        on("theirs", { replicas: 2, rolloutStrategy: "Recreate" }),
        /replicas: 2, but/,
      );
      await assertRefused(
        cluster,
        on("missing"),
        /pvc\.claim: "missing" does not exist in namespace image-registry \(claims there: "image-registry-nfs", "theirs"\)/,
      );
    });

    it("leaving a live store for another", async () => {
      await assertRefused(
        cluster,
        stack(emptyDir),
        /now keeps its images in pvc "image-registry-nfs".*acceptImageLoss/,
      );
      const export_ = { path: "/srv/another", volumeName: "another", claimName: "another" };
      const other = { ...once, replicas: 1, nfs: { ...once.nfs, ...export_ } };
      await assertRefused(cluster, stack(other), /and pvc "another" would not have them/);
      await serving(stack({ ...emptyDir, acceptImageLoss }), 1);
      assert.deepEqual((await cluster.pods()).map(storage), ["emptyDir"]);
      await assertRefused(
        cluster,
        stack({ ...emptyDir, ...removed }),
        /managementState: "Removed" deletes the pods/,
      );
      await assertRefused(cluster, stack(), /now keeps its images in emptyDir/);
    });

    it("no node for the pods", async () => {
      const placement = { infra: true, nodeSelector: { zone: "moon" } };
      await assertRefused(
        cluster,
        stack({ ...emptyDir, placement }),
        /0 would find a node.*nodeSelector zone=moon/,
      );
    });

    it("taking a deployment of somebody else's for its own", async () => {
      await fresh();
      await cluster.create("Namespace", name, {});
      await cluster.create("Deployment", name, {
        spec: {
          replicas: 0,
          selector: { matchLabels: { app: "theirs" } },
          template: {
            metadata: { labels: { app: "theirs" } },
            spec: { containers: [{ name: "theirs", image: "theirs:1" }] },
          },
        },
      });
      await assertRefused(
        cluster,
        stack(),
        /standalone\.namespace: "image-registry" has a deployment "image-registry" that/,
      );
    });
  });

  it("a rollout that cannot finish fails the up with the pods' own message, and the next one too", async () => {
    await fresh();
    const run = stack({ ...emptyDir, timeoutSeconds: 5, registry: { affinity: besideNobody } });
    const message =
      /did not converge within 5 s[^]*condition: Available=False[^]*pod image-registry-\S+ \(Pending\): Unschedulable: .*didn't match pod affinity rules/;
    assert.match((await failure(up(run))).message, message);
    const previewed = await preview(run);
    assert.deepEqual(changes(previewed), []);
    assert.match(
      warnings(previewed),
      /has not converged[^]*Unschedulable: .*didn't match pod affinity rules/,
    );
    const again = await failure(up(run));
    assert.match(again.message, message);
    assert.deepEqual(changes(again.result), []);
  });

  describe("the way down, and up again", () => {
    beforeEach(fresh);

    it("destroying the stack of a live registry leaves it running, and a new stack takes it up, pods and secret unchanged", async () => {
      await up(stack());
      const before = await cluster.settledVersions();
      const result = await destroy(stack());
      assert.deepEqual(
        clusterChanges(result).filter((change) => !change.startsWith("retain ")),
        ["delete stack-name"],
      );
      assert.deepEqual(await cluster.versions(), before);

      cluster.forgetStacks();
      await cluster.patch("Deployment", name, { spec: { replicas: 3 } });
      const [secret, pods] = [await httpSecret(), (await cluster.pods()).map(uid)];
      await serving(stack(), 2);
      assert.equal(await httpSecret(), secret);
      assert.ok((await cluster.pods()).map(uid).every((one) => pods.includes(one) || pods.length < 2));
      assert.deepEqual(changes(await up(stack())), []);
    });

    it("Removed takes the pods away and keeps the claim, Managed brings them back on it", async () => {
      await up(stack());
      const claim = (await cluster.get("PersistentVolumeClaim", nfsClaim))?.metadata.uid;
      await up(stack(removed));
      assert.deepEqual(await cluster.pods(), []);
      assert.equal((await cluster.get("PersistentVolumeClaim", nfsClaim))?.metadata.uid, claim);
      await assertRefused(
        cluster,
        stack(emptyDir),
        /is down, and its images are in pvc "image-registry-nfs", and emptyDir would not have them/,
      );
      await serving(stack(), 2);
      assert.deepEqual((await cluster.pods()).map(storage), [nfsClaim, nfsClaim]);
    });

    it("a claim that was deleted while the registry was down is made anew, on the same volume", async () => {
      await up(stack());
      await up(stack(removed));
      await cluster.delete("PersistentVolumeClaim", nfsClaim);
      await until("the volume is left over", async () => {
        return (await cluster.get("PersistentVolume", nfsClaim))?.status?.phase === "Released";
      });
      assert.match(warnings(await preview(stack())), /will free it for claim "image-registry-nfs"/);
      await serving(stack(), 2);
      assert.equal((await cluster.get("PersistentVolumeClaim", nfsClaim))?.status?.phase, "Bound");
    });

    it("another stack is refused as long as this one is there, naming it", async () => {
      await up(stack());
      const another = cluster.stack("prod", { ...nfs, platform: "standalone", placement: undefined });
      await assertRefused(cluster, another, /belongs to stack "organization\/image-registry\/standalone"/);
    });

    it("destroying the stack of a Removed registry takes away all but the images, the way to them, and the namespace", async () => {
      await up(stack());
      await up(stack(removed));
      await destroy(stack());
      const left = await Promise.all([
        cluster.get("Deployment", name),
        cluster.get("Service", name),
        cluster.get("Secret", secretName),
      ]);
      assert.deepEqual(left, [undefined, undefined, undefined]);
      assert.equal((await cluster.get("PersistentVolumeClaim", nfsClaim))?.status?.phase, "Bound");
      assert.equal((await cluster.get("PersistentVolume", nfsClaim))?.status?.phase, "Bound");
      assert.equal((await cluster.get("Namespace", name))?.status?.phase, "Active");
    });

    it("a namespace that others made keeps its labels", async () => {
      await cluster.create("Namespace", name, {});
      await up(stack());
      const labels = (await cluster.get("Namespace", name))?.metadata.labels;
      assert.deepEqual(Object.keys(labels ?? {}), ["kubernetes.io/metadata.name"]);
    });
  });

  async function fresh(): Promise<void> {
    cluster.forgetStacks();
    for (const kind of ["Namespace", "PersistentVolume"] as const) {
      if (await cluster.get(kind, kind === "Namespace" ? name : nfsClaim))
        await cluster.delete(kind, kind === "Namespace" ? name : nfsClaim);
    }
    await until("namespace and volume are gone", async () => {
      return !(await cluster.get("Namespace", name)) && !(await cluster.get("PersistentVolume", nfsClaim));
    });
  }

  /** Brings the stack up: as many pods as asked, all of them serving through the Service. */
  async function serving(run: StackRun, replicas: number): Promise<RunResult> {
    const result = await up(run);
    const deployment = await cluster.get("Deployment", name);
    const { updatedReplicas, availableReplicas, observedGeneration } = deployment?.status ?? {};
    assert.equal(observedGeneration, deployment?.metadata.generation);
    assert.deepEqual([updatedReplicas, availableReplicas], [replicas, replicas]);
    assert.equal((await cluster.pods()).length, replicas);
    return result;
  }

  async function httpSecret(): Promise<string | undefined> {
    return (await cluster.get("Secret", secretName))?.data?.["secret"];
  }
});

function uid({ metadata }: Live<"Pod">): string {
  return metadata.uid;
}

/** What the images are kept in: emptyDir, or the claim of this name. */
function storage({ spec }: Live<"Pod">): string | undefined {
  const volume = spec?.volumes?.find((one) => one.name === "registry-storage");
  return volume?.emptyDir ? "emptyDir" : volume?.persistentVolumeClaim?.claimName;
}

function clusterChanges(result: RunResult): string[] {
  const steps = result.steps.filter(({ type }) => type.startsWith("kubernetes:"));
  return changes({ ...result, steps }).sort();
}
