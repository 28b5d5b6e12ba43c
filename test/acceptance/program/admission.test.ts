import assert from "node:assert/strict";
import { startSandbox } from "../../../sandbox/start";
import { up } from "../../support/engine";
import { testCluster } from "./harness";
import { Objects } from "./objects";
import { nfs, nfsClaim } from "./runs";
import { StackUser } from "./stack-user";

describe("access/admission.yaml", function () {
  this.timeout("3m");
  const namespace = "openshift-image-registry";
  const cluster = testCluster((options) => startSandbox({ ...options, isAudited: true }));
  let own: { kubeconfig: string; context: string };

  before(async () => {
    const user = new StackUser(cluster.controlPlane, namespace);
    await cluster.fresh();
    for (const file of ["operator.yaml", "nodes.yaml", "admission.yaml"]) await user.give(file);
    own = await user.configuration();
    await until(() => assert.rejects(makeVolume({ hostPath: { path: "/" } }), /on NFS alone/));
    const before = await cluster.get("PersistentVolume", nfsClaim);
    if (before) await cluster.delete("PersistentVolume", nfsClaim);
    let asked = 0;
    // Another value at each look: one that got in before the policy held is no change any more.
    const override = () => ({ unsupportedConfigOverrides: { asked: `${(asked += 1)}` } });
    await until(() => assert.rejects(change(override()), /stack does not set spec/));
    await cluster.patch("Config", "cluster", { spec: { unsupportedConfigOverrides: null } });
  });

  const as = () => {
    const objects = new Objects(namespace);
    objects.connect(own.kubeconfig);
    return objects;
  };
  const volume = {
    accessModes: ["ReadWriteMany"],
    capacity: { storage: "1Gi" },
    persistentVolumeReclaimPolicy: "Retain",
  };
  const makeVolume = (spec: object) =>
    as().apply("PersistentVolume", nfsClaim, { spec: { ...volume, ...spec } });
  const overrides = { unsupportedConfigOverrides: { deployment: { annotations: { a: "b" } } } };
  const change = (spec: object) => as().patch("Config", "cluster", { spec });
  const onNfs = { nfs: { server: "nfs.example.com", path: "/srv/registry" } };

  it("refuses the stack's user a volume on a node's disk, and one that goes with its claim", async () => {
    await assert.rejects(makeVolume({ hostPath: { path: "/" } }), /makes volumes on NFS alone/);
    await assert.rejects(
      makeVolume({ ...onNfs, persistentVolumeReclaimPolicy: "Delete" }),
      /persistentVolumeReclaimPolicy: Retain alone/,
    );
  });

  it("refuses it fields of the Config that no stack sets, to set or to take away, and names them", async () => {
    await assert.rejects(change(overrides), /stack does not set spec\.unsupportedConfigOverrides/);
    await cluster.patch("Config", "cluster", { spec: overrides });
    await assert.rejects(
      change({ unsupportedConfigOverrides: null }),
      /does not set spec\.unsupportedConfig/,
    );
    await change({ logLevel: "Debug" });
    await cluster.patch("Config", "cluster", { spec: { unsupportedConfigOverrides: null } });
  });

  it("refuses it, on the nodes it may label, others' labels and taints, and to cordon them", async () => {
    const node = (change: object) => as().patch("Node", "infra-0", change);
    const infra = { key: "node-role.kubernetes.io/infra", effect: "NoSchedule" };
    const hostname = { "kubernetes.io/hostname": "another" };
    await assert.rejects(
      node({ metadata: { labels: hostname } }),
      /does not set labels kubernetes\.io\/hostname/,
    );
    await assert.rejects(node({ spec: { unschedulable: true } }), /cordons no node/);
    await cluster.patch("Node", "infra-0", {
      spec: { taints: [infra, { key: "theirs", effect: "NoSchedule" }] },
    });
    await assert.rejects(node({ spec: { taints: [infra] } }), /leaves other taints as they are/);
    await cluster.patch("Node", "infra-0", { spec: { taints: [infra] } });
    await node({
      metadata: { labels: { [infra.key]: "own" } },
      spec: { taints: [{ ...infra, value: "own" }] },
    });
    await node({ metadata: { labels: { [infra.key]: "" } }, spec: { taints: [infra] } });
  });

  it("lets the stack do all that it does, and everybody else what they may", async () => {
    const registry = {
      defaultRoute: true,
      readOnly: false,
      disableRedirect: true,
      logLevel: "Debug",
      operatorLogLevel: "Debug",
      requests: { read: { maxRunning: 10 } },
      resources: { requests: { cpu: "100m" } },
    };
    const placement = { infra: true, nodes: ["infra-0", "infra-1"] };
    await up(
      cluster.stack("prod", { ...own, ...nfs, registry, placement, pruner: { schedule: "0 3 * * *" } }),
    );
    await cluster.create("PersistentVolume", "of-an-administrator", {
      spec: { ...volume, hostPath: { path: "/mnt" }, persistentVolumeReclaimPolicy: "Delete" },
    });
    await cluster.delete("PersistentVolume", "of-an-administrator");
  });
});

/** The API server takes up a policy a moment after it was made. */
async function until(check: () => Promise<void>): Promise<void> {
  for (let left = 100; ; left--) {
    try {
      return await check();
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
