import assert from "node:assert/strict";
import program from "../../examples/compose-by-hand";
import { FakeCluster } from "./support/fake-cluster";
import { followed, live, node, onClaim, registryConfig } from "./support/fixtures";
import { configPatch, patience, run } from "./support/monitor";
import { setConfiguration } from "./support/program";

const hostKey = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"A".repeat(43)}`;

describe("the components composed by hand", function () {
  this.timeout(patience);

  async function made(preview: boolean) {
    const storage = onClaim("images");
    const config = registryConfig({ replicas: 2, storage, defaultRoute: true });
    const nodes = [
      node("infra-0", {}, [{ key: "dedicated", value: "storage", effect: "PreferNoSchedule" }]),
      node("infra-1"),
      node("worker-0"),
    ];
    const cluster = await new FakeCluster(
      live({ config, deployment: followed(config), nodes, holdsImages: false }),
    ).start();
    try {
      return await run(
        () => {
          const values = { ...cluster.connection, hostKey, privateKey: "key" };
          setConfiguration(values, ["privateKey"], "by-hand");
          return program();
        },
        { preview },
      );
    } finally {
      await cluster.stop();
    }
  }

  it("make host, volume, claim, nodes and registry, in this order, from plain arguments", async () => {
    const { resources, result } = await made(false);
    const byName = (name: string) => {
      const found = resources.find((one) => one.name === name);
      assert.ok(found, name);
      return found;
    };
    const [exported] = resources.filter(({ type }) => type === "command:remote:Command");
    assert.ok(exported && byName("storage").dependsOn.includes(exported.name));
    const { dependsOn } = byName("registry");
    for (const needed of ["storage-claim", "placement-infra-1"])
      assert.ok(dependsOn.includes(needed), needed);
    assert.deepEqual((byName("storage-volume").inputs["spec"] as { nfs: unknown }).nfs, {
      server: "nfs.example.com",
      path: "/srv/registry",
    });
    const spec = resources.find(({ type }) => type === configPatch)?.inputs["spec"] as Record<
      string,
      unknown
    >;
    assert.deepEqual(spec["storage"], { managementState: "Unmanaged", pvc: { claim: "images" } });
    assert.deepEqual([spec["replicas"], spec["defaultRoute"]], [2, true]);
    assert.equal(result.claim, "images");
    assert.equal(result.conditions[0]?.type, "Available");
  });

  it("look at the cluster themselves: a node keeps the taints of others, and running pods their secret", async () => {
    const { resources } = await made(true);
    const { inputs } = resources.find(({ name }) => name === "placement-infra-0") ?? {};
    const { taints } = inputs?.["spec"] as { taints: { key: string }[] };
    assert.deepEqual(
      taints.map(({ key }) => key),
      ["dedicated", "node-role.kubernetes.io/infra"],
    );
    const patch = resources.find(({ type }) => type === configPatch)?.inputs;
    assert.equal((patch?.["spec"] as { httpSecret: string }).httpSecret, "0123456789abcdef");
  });
});
