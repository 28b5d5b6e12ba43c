import assert from "node:assert/strict";
import type { ConfigSpec } from "../../../crds/types";
import { preview, up } from "../../../sandbox/engine";
import { testCluster, until } from "./harness";
import { changes, nfs, nfsClaim, warnings } from "./runs";

const overlay = {
  ...nfs,
  placement: { infra: true },
  registry: {
    defaultRoute: true,
    logLevel: "Debug",
    resources: { requests: { cpu: "1000m", memory: "256Mi" } },
    requests: { read: { maxRunning: 5, maxWaitInQueue: "90s" } },
    routes: [{ name: "public", hostname: "registry.example.com" }],
  },
};

describe("a field of ours that was changed by hand is named in the preview and put back by the next up", function () {
  this.timeout("2m");
  const cluster = testCluster();
  const run = () => cluster.stack("dev", overlay);
  before(async () => {
    await cluster.fresh();
    await up(run());
  });

  const byHand: [what: string, change: object, name: string][] = [
    ["managementState", { managementState: "Unmanaged" }, "managementState"],
    ["replicas", { replicas: 2 }, "replicas"],
    ["rolloutStrategy", { rolloutStrategy: "Recreate" }, "rolloutStrategy"],
    ["the claim", { storage: { pvc: { claim: "other" } } }, "storage.pvc.claim"],
    ["who the storage belongs to", { storage: { managementState: "Managed" } }, "storage.managementState"],
    ["the whole storage", { storage: null }, "storage.pvc.claim"],
    ["the http secret", { httpSecret: "by-hand" }, "httpSecret"],
    ["the default route", { defaultRoute: false }, "defaultRoute"],
    ["a list", { routes: [] }, "routes"],
    ["the log level", { logLevel: "Trace" }, "logLevel"],
    ["one of the resources", { resources: { requests: { memory: "1Gi" } } }, "resources.requests.memory"],
    ["all the resources", { resources: null }, "resources.requests.cpu"],
    ["a limit of requests", { requests: { read: { maxRunning: 9 } } }, "requests.read.maxRunning"],
    ["a label of the nodeSelector", { nodeSelector: null }, "nodeSelector.node-role.kubernetes.io/infra"],
    ["the tolerations", { tolerations: [{ operator: "Exists" }] }, "tolerations"],
  ];

  for (const [what, change, name] of byHand) {
    it(what, async () => {
      const { spec } = await cluster.config();
      await cluster.patch("Config", "cluster", { spec: change });
      const previewed = await preview(run());
      assert.match(
        warnings(previewed),
        new RegExp(`will put back spec\\.${name.replaceAll(".", "\\.")} of the Config: it `),
      );
      assert.doesNotMatch(warnings(previewed), /by-hand|[0-9a-f]{64}/, "no secret is shown");
      assert.deepEqual(changes(previewed), ["update registry"]);

      await up(run());
      const now = (await cluster.config()).spec;
      assert.deepEqual(now, spec);
      assert.deepEqual(changes(await preview(run())), []);
    });
  }

  it("and never one that the stack does not own", async () => {
    const theirs = { readOnly: true, disableRedirect: true, proxy: { http: "http://proxy.example.com" } };
    await cluster.patch("Config", "cluster", { spec: { ...theirs, nodeSelector: { zone: null } } });
    assert.deepEqual(changes(await preview(run())), []);
    await up(run());
    const { readOnly, disableRedirect, proxy } = (await cluster.config()).spec;
    assert.deepEqual({ readOnly, disableRedirect, proxy }, theirs);
    await cluster.patch("Config", "cluster", {
      spec: { readOnly: null, disableRedirect: null, proxy: null },
    });
  });

  it("and never one that the operator only spells in its own way", async () => {
    await cluster.patch("Config", "cluster", {
      spec: { resources: { requests: { cpu: "1" } }, requests: { read: { maxWaitInQueue: "1m30s" } } },
    });
    assert.deepEqual(changes(await preview(run())), []);
  });

  it("is not confused with one that the configuration asks for anew", async () => {
    const more = cluster.stack("dev", {
      ...overlay,
      registry: { ...overlay.registry, operatorLogLevel: "Debug" },
    });
    const previewed = await preview(more);
    assert.deepEqual(changes(previewed), ["update registry"]);
    assert.doesNotMatch(warnings(previewed), /put back/);
    await up(more);
    await up(run());
    assert.deepEqual(changes(await preview(run())), []);
  });

  it("the whole Config, deleted: the operator makes a blank one, and an unchanged stack writes all of it again", async () => {
    const before = (await cluster.config()).spec;
    const { uid } = (await cluster.config()).metadata;
    await cluster.delete("Config", "cluster");
    await until("the operator has made it anew", async () => {
      const now = await cluster.get("Config", "cluster");
      return now !== undefined && now.metadata.uid !== uid && now.status?.observedGeneration !== undefined;
    });
    const previewed = await preview(run());
    assert.match(
      warnings(previewed),
      /holds nothing of this stack: it was deleted and made anew .*managementState Removed/,
    );
    assert.deepEqual(changes(previewed), ["update registry"]);

    await up(run());
    // Of the operator's own fields it makes new ones.
    const ours = ({
      managementState,
      storage,
      replicas,
      resources,
      routes,
      tolerations,
      logLevel,
    }: ConfigSpec) => ({ managementState, storage, replicas, resources, routes, tolerations, logLevel });
    assert.deepEqual(ours((await cluster.config()).spec), ours(before));
    assert.equal((await cluster.get("PersistentVolumeClaim", nfsClaim))?.status?.phase, "Bound");
    assert.deepEqual(changes(await preview(run())), []);
  });
});
