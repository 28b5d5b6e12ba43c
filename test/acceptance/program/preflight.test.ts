import assert from "node:assert/strict";
import { host as describedHost, sshPrivateKey } from "../../unit/support/configuration";
import { testCluster, until } from "./harness";
import { assertImpossible, assertRefused, foundWarnings, nfs } from "./runs";

const namespace = "openshift-image-registry";

describe("what cannot work on this cluster is refused, in preview and in up, before anything is touched", function () {
  this.timeout("2m");
  const cluster = testCluster();
  before(() => cluster.fresh());

  describe("an existing claim (backend pvc)", () => {
    const refused = (overlay: object, message: RegExp) =>
      assertImpossible(cluster.stack("dev", { backend: "pvc", ...overlay }), message);

    it("that does not exist, naming those that do", async () => {
      await claim("one-of-the-users", "ReadWriteMany");
      const message = /pvc\.claim: "another" does not exist .* \(claims there: .*"one-of-the-users"/;
      await refused({ pvc: { claim: "another" } }, message);
    });

    it("ReadWriteOnce with rolloutStrategy RollingUpdate", async () => {
      await claim("once-rolling", "ReadWriteOnce");
      const message = /rolloutStrategy: "RollingUpdate", but .*"once-rolling" is ReadWriteOnce, .*"Recreate"/;
      await refused({ pvc: { claim: "once-rolling" } }, message);
    });

    it("ReadWriteOnce with two replicas", async () => {
      await claim("once-twice", "ReadWriteOnce");
      const overlay = { pvc: { claim: "once-twice" }, replicas: 2, rolloutStrategy: "Recreate" };
      await refused(overlay, /replicas: 2, but .*"once-twice" is ReadWriteOnce, which serves 1/);
    });
  });

  describe("a volume or claim in the place of the stack's own (backend nfs)", () => {
    const taken = (name: string) => ({ ...nfs, nfs: { ...nfs.nfs, claimName: name } });
    const refused = (name: string, message: RegExp) =>
      assertImpossible(cluster.stack("dev", taken(name)), message);

    it("a claim of another size", async () => {
      await claim("sized", "ReadWriteMany", "5Gi");
      await refused("sized", /nfs\.size: claim "sized" has 5Gi, asked is 10Gi; .*keep 5Gi/);
    });

    it("a claim of another access mode", async () => {
      await claim("moded", "ReadWriteOnce");
      await refused("moded", /nfs\.accessModes: claim "moded" has ReadWriteOnce, asked is ReadWriteMany/);
    });

    it("a claim bound to another volume", async () => {
      await volume("elsewhere", { claimName: "bound" });
      await claim("bound", "ReadWriteMany", "10Gi", "elsewhere");
      await refused("bound", /nfs\.claimName: claim "bound" is bound to volume "elsewhere", not to "bound"/);
    });

    it("a volume of another export", async () => {
      await volume("moved", { claimName: "moved", server: "old.example.com" });
      await refused(
        "moved",
        /volume "moved" exists and points to old\.example\.com:\/srv\/registry, not to /,
      );
    });

    it("a volume reserved for another claim", async () => {
      await volume("reserved", { claimName: "of-others" });
      await refused(
        "reserved",
        /volume "reserved" is reserved for claim openshift-image-registry\/of-others/,
      );
    });
  });

  it("a claim and pods that a quota of the namespace does not let in", async () => {
    const hard = { "requests.storage": "5Gi", "limits.memory": "1Gi" };
    await cluster.create("ResourceQuota", "small", { spec: { hard } });
    await until("the quota counts", async () => {
      return (await cluster.get("ResourceQuota", "small"))?.status?.used !== undefined;
    });
    try {
      const claim = /nfs\.size: ResourceQuota "small" has 5120 MiB left of 5120 MiB .* would take 10240 MiB/;
      await assertRefused(cluster, cluster.stack("dev", nfs), claim);
      const pods =
        /replicas: ResourceQuota "small" counts limits\.memory, .*\(registry\.resources\.limits\.memory\)/;
      await assertImpossible(cluster.stack("dev"), pods);
    } finally {
      await cluster.delete("ResourceQuota", "small");
    }
  });

  describe("nodes", () => {
    it("one infra node for two replicas, naming why the others cannot", async () => {
      await cluster.cordon("infra-0");
      const message = /replicas: 2, of which 1 would find a node.*infra-0 is cordoned; infra-1 takes 1/;
      const run = cluster.stack("dev", { ...nfs, replicas: 2, placement: { infra: true } });
      await assertImpossible(run, message).finally(() => cluster.cordon("infra-0", null));
    });

    it("whose addresses the export refuses are warned of, v4 and v6", async () => {
      await nodeAt("in-the-storage-network", ["10.0.32.5"]);
      await nodeAt("beside-it", ["10.0.64.5", "fd00::5"]);
      const clients = ["10.0.32.0/20", "fd01::/64"];
      const host = { ...describedHost, clients };
      const run = cluster.stack("dev", { ...nfs, nfs: { ...nfs.nfs, host }, sshPrivateKey });
      const said = (await foundWarnings(run)).match(/^.* is in none of .*$/gm);
      assert.deepEqual(said, [
        'nfs.host.clients: node "beside-it" (10.0.64.5, fd00::5) is in none of 10.0.32.0/20, fd01::/64: ' +
          "the server refuses its mount, and pods there do not start",
      ]);
    });

    it("no node whose taint is tolerated", async () => {
      const placement = { infra: true, tolerations: [{ key: "other", operator: "Exists" }] };
      const message = /infra-0 has taint node-role\.kubernetes\.io\/infra:NoSchedule, which is not tolerated/;
      await assertImpossible(cluster.stack("dev", { placement }), message);
    });
  });

  async function claim(name: string, mode: string, size = "10Gi", volumeName?: string): Promise<void> {
    const resources = { requests: { storage: size } };
    const spec = { accessModes: [mode], resources, storageClassName: "", ...(volumeName && { volumeName }) };
    await cluster.create("PersistentVolumeClaim", name, { spec });
    if (!volumeName) return;
    await until("the claim is bound", async () => {
      return (await cluster.get("PersistentVolumeClaim", name))?.status?.phase === "Bound";
    });
  }

  /** A node that is ready. */
  async function nodeAt(name: string, ips: string[]): Promise<void> {
    const labels = { "kubernetes.io/os": "linux", "kubernetes.io/hostname": name };
    const allocatable = { cpu: "4", memory: "16Gi", pods: "250" };
    const addresses = [
      ...ips.map((address) => ({ type: "InternalIP", address })),
      { type: "Hostname", address: name },
    ];
    await cluster.create("Node", name, {
      metadata: { name, labels, annotations: { "kwok.x-k8s.io/node": "fake" } },
      status: { allocatable, capacity: allocatable, addresses },
    });
    await until("the node takes pods", async () => {
      return ((await cluster.get("Node", name))?.spec?.taints ?? []).length === 0;
    });
  }

  async function volume(name: string, { claimName = name, server = nfs.nfs.server }): Promise<void> {
    await cluster.create("PersistentVolume", name, {
      spec: {
        capacity: { storage: "10Gi" },
        accessModes: ["ReadWriteMany"],
        persistentVolumeReclaimPolicy: "Retain",
        storageClassName: "",
        claimRef: { namespace, name: claimName },
        nfs: { server, path: nfs.nfs.path },
      },
    });
  }
});
