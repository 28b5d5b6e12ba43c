import assert from "node:assert/strict";
import { expectNoChanges, up } from "../../support/engine";
import { testCluster, until } from "./harness";
import { assertImpossible, besidePods, foundWarnings } from "./runs";

const infra = "node-role.kubernetes.io/infra";

describe("the nodes of a registry", function () {
  this.timeout("3m");
  const cluster = testCluster();

  describe("what would leave a pod of the registry Pending", () => {
    const onClaim = { backend: "pvc", pvc: { claim: "local" }, rolloutStrategy: "Recreate" };

    before(() => cluster.fresh());

    it("is no replica of three that nothing keeps apart: of those a preview warns", async () => {
      const s3 = { backend: "s3", s3: { bucket: "images", region: "us-east-1" } };
      const keys = { s3AccessKey: "an-access-key", s3SecretKey: "a-secret-key" };
      const placement = { infra: true, nodeSelector: { [infra]: "" } };
      const run = cluster.stack("dev", { ...s3, ...keys, replicas: 3, placement });
      assert.match(await foundWarnings(run), /replicas: nothing keeps the 3 replicas apart/);
    });

    it("is said before the pod that serves is killed: a local volume that is not on the infra nodes", async () => {
      await localClaim("local", "worker-1");
      await up(cluster.stack("dev", onClaim));
      const message =
        /infra-0 does not reach volume "local", which is where kubernetes\.io\/hostname in \(worker-1\)/;
      await assertImpossible(cluster.stack("dev", { ...onClaim, placement: { infra: true } }), message);
    });

    it("is a taint whose value is not the one that is tolerated", async () => {
      await cluster.patch("Node", "worker-1", {
        spec: { taints: [{ key: "infra", value: "reserved", effect: "NoSchedule" }] },
      });
      const tolerations = [{ key: "infra", operator: "Equal", value: "other" }];
      const placement = { infra: true, nodeSelector: { "node-role.kubernetes.io/worker": "" }, tolerations };
      const message =
        /worker-1 has taint infra=reserved:NoSchedule, which is not tolerated \(tolerated is infra=other\)/;
      const run = cluster.stack("dev", { ...onClaim, placement });
      await assertImpossible(run, message).finally(() =>
        cluster.patch("Node", "worker-1", { spec: { taints: null } }),
      );
    });

    it("is a request that no node holds, and one for which pods of its rank leave no room", async () => {
      const asking = (cpu: string) =>
        cluster.stack("dev", { ...onClaim, registry: { resources: { requests: { cpu } } } });
      await assertImpossible(asking("64"), /worker-1 holds 4 cpu in all, asked is 64 cpu/);
      const containers = [{ name: "main", image: "other", resources: { requests: { cpu: "3" } } }];
      const spec = { nodeName: "worker-1", priorityClassName: "system-node-critical", containers };
      await cluster.create("Pod", "other", { spec });
      await assertImpossible(asking("2"), /worker-1 has 1 cpu left of 4 cpu, asked is 2 cpu/);
      await cluster.delete("Pod", "other");
    });

    it("is a pod that it has to be beside, and that is nowhere", async () => {
      const run = cluster.stack("dev", { ...onClaim, registry: { affinity: besidePods() } });
      await assertImpossible(run, /worker-1 has no pod app=nobody in its kubernetes\.io\/hostname/);
    });

    it("is a claim that is being deleted", async () => {
      await localClaim("going", "worker-1");
      await cluster.patch("PersistentVolumeClaim", "going", { metadata: { finalizers: ["test/stays"] } });
      await cluster.delete("PersistentVolumeClaim", "going");
      const run = cluster.stack("dev", { ...onClaim, pvc: { claim: "going" } });
      await assertImpossible(run, /pvc\.claim: "going" is being deleted/);
      await cluster.patch("PersistentVolumeClaim", "going", { metadata: { finalizers: null } });
    });

    async function localClaim(name: string, node: string): Promise<void> {
      const shared = { accessModes: ["ReadWriteOnce"], storageClassName: "" };
      const capacity = { storage: "10Gi" };
      const expression = { key: "kubernetes.io/hostname", operator: "In", values: [node] };
      await cluster.create("PersistentVolume", name, {
        spec: {
          ...shared,
          capacity,
          persistentVolumeReclaimPolicy: "Retain",
          local: { path: "/mnt/images" },
          nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [expression] }] } },
        },
      });
      await cluster.create("PersistentVolumeClaim", name, {
        spec: { ...shared, volumeName: name, resources: { requests: capacity } },
      });
      await until("the claim is bound", async () => {
        return (await cluster.get("PersistentVolumeClaim", name))?.status?.phase === "Bound";
      });
    }
  });

  describe("nodes that the stack labels and taints", () => {
    const placed = (nodes: string[], more: object = {}) =>
      cluster.stack("dev", { placement: { infra: true, nodes, ...more } });

    before(() => cluster.fresh());

    it("are told to lose their pods to a taint that evicts", async () => {
      const containers = [{ name: "main", image: "other" }];
      await cluster.create("Pod", "other", { spec: { nodeName: "infra-1", containers } });
      const tolerations = [
        { key: infra, operator: "Exists" },
        { key: "only", operator: "Exists", effect: "NoExecute" },
      ];
      const said = await foundWarnings(placed(["infra-1"], { tolerations }));
      assert.match(
        said,
        /node "infra-1" with only:NoExecute, which evicts 1 pod: 1 of openshift-image-registry/,
      );
    });

    it("keep what serves of theirs; what must change is told before, old and new", async () => {
      const reserved = { key: infra, value: "reserved", effect: "NoSchedule" };
      await cluster.patch("Node", "worker-0", {
        metadata: { labels: { [infra]: "true" } },
        spec: { taints: [reserved] },
      });
      const run = placed(["worker-0"]);
      assert.match(
        await foundWarnings(run),
        /will change label \S+\/infra from "true" to "" of node "worker-0"/,
      );
      await up(run);
      const { metadata, spec } = (await cluster.get("Node", "worker-0"))!;
      assert.equal(metadata.labels?.[infra], "");
      assert.deepEqual(
        spec?.taints?.map(({ key, value, effect }) => ({ key, value, effect })),
        [reserved],
      );
      await expectNoChanges(run);
    });

    it("are not tainted when no node would be left for other pods", async () => {
      const message =
        /placement\.nodes: taint \S+\/infra:NoSchedule on .*worker-1.* would leave no node for other pods/;
      await assertImpossible(placed(["worker-0", "worker-1"]), message);
      assert.equal((await cluster.get("Node", "worker-1"))?.spec?.taints, undefined);
    });
  });
});
