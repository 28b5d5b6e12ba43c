import assert from "node:assert/strict";
import type { ConfigSpec } from "../../../crds/types";
import { changes, expectNoChanges, preview, up, warnings } from "../../support/engine";
import { testCluster, until } from "./harness";
import { foundWarnings, nfs, nfsClaim } from "./runs";

const overlay = {
  ...nfs,
  placement: { infra: true },
  registry: {
    defaultRoute: true,
    logLevel: "Debug",
    resources: { requests: { cpu: "1000m", memory: "256Mi" } },
    requests: { read: { maxRunning: 5, maxInQueue: 10, maxWaitInQueue: "90s" } },
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

  const byHand: [what: string, change: object, names: string[]][] = [
    [
      "each field, list and map, all at once",
      {
        managementState: "Unmanaged",
        replicas: 2,
        rolloutStrategy: "Recreate",
        storage: { pvc: { claim: "other" } },
        httpSecret: "by-hand-by-hand",
        defaultRoute: false,
        routes: [],
        logLevel: "Trace",
        resources: { requests: { memory: "1Gi" } },
        requests: { read: { maxRunning: 9 } },
        nodeSelector: null,
        tolerations: [{ operator: "Exists" }],
      },
      [
        "managementState",
        "replicas",
        "rolloutStrategy",
        "storage.pvc.claim",
        "httpSecret",
        "defaultRoute",
        "routes",
        "logLevel",
        "resources.requests.memory",
        "requests.read.maxRunning",
        "nodeSelector.node-role.kubernetes.io/infra",
        "tolerations",
      ],
    ],
    [
      "who the storage belongs to, and all the resources",
      { storage: { managementState: "Managed" }, resources: null },
      ["storage.managementState", "resources.requests.cpu"],
    ],
    ["the whole storage", { storage: null }, ["storage.pvc.claim"]],
  ];

  for (const [what, change, names] of byHand) {
    it(what, async () => {
      const { spec } = await cluster.config();
      await cluster.patch("Config", "cluster", { spec: change });
      const found = await foundWarnings(run());
      for (const name of names) {
        const put = `will put back spec\\.${name.replaceAll(".", "\\.")} of the Config: it `;
        assert.match(found, new RegExp(put));
      }
      assert.doesNotMatch(found, /by-hand-by-hand/, "no secret is shown");
      assert.deepEqual(changes(await up(run())), ["update registry"]);
      assert.deepEqual((await cluster.config()).spec, spec);
    });
  }

  it("and never one that the stack does not own", async () => {
    const theirs = { readOnly: true, disableRedirect: true, proxy: { http: "http://proxy.example.com" } };
    await cluster.patch("Config", "cluster", { spec: { ...theirs, nodeSelector: { zone: null } } });
    assert.deepEqual(changes(await up(run())), []);
    const { readOnly, disableRedirect, proxy } = (await cluster.config()).spec;
    assert.deepEqual({ readOnly, disableRedirect, proxy }, theirs);
    await cluster.patch("Config", "cluster", {
      spec: { readOnly: null, disableRedirect: null, proxy: null },
    });
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
  });

  it("and never one that the operator only spells in its own way", async () => {
    await cluster.patch("Config", "cluster", {
      spec: { resources: { requests: { cpu: "1" } }, requests: { read: { maxWaitInQueue: "1m30s" } } },
    });
    await expectNoChanges(run());
  });

  it("is not confused with one that the configuration asks for anew", async () => {
    const more = cluster.stack("dev", {
      ...overlay,
      registry: { ...overlay.registry, operatorLogLevel: "Debug" },
    });
    assert.doesNotMatch(await foundWarnings(more), /put back/);
    assert.deepEqual(changes(await up(more)), ["update registry"]);
    await expectNoChanges(more);
  });
});
