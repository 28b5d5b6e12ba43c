import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  KubeConfig,
  KubernetesObjectApi,
  type KubernetesObject,
  PatchStrategy,
} from "@kubernetes/client-node";
import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { type ControlPlane, startControlPlane } from "../../sandbox/control-plane";
import { destroy, EngineError, preview, type RunResult, type StackRun, up } from "../../sandbox/engine";

interface Live extends KubernetesObject {
  metadata: NonNullable<KubernetesObject["metadata"]>;
  data?: Record<string, string>;
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
}

describe("the in-process engine on a real API server", function () {
  this.timeout("3m");
  let directory: string;
  let controlPlane: ControlPlane;
  let cluster: KubernetesObjectApi;
  let stateFiles = 0;
  let stateFile: string;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "engine-cluster-"));
    controlPlane = await startControlPlane({ directory });
    const config = new KubeConfig();
    config.loadFromFile(controlPlane.kubeconfig);
    cluster = KubernetesObjectApi.makeApiClient(config);
  });
  after(async () => {
    await controlPlane.stop();
    rmSync(directory, { recursive: true });
  });
  beforeEach(() => (stateFile = join(directory, `state-${stateFiles++}.json`)));

  function stack(build: (opts: pulumi.CustomResourceOptions) => Record<string, unknown> | void): StackRun {
    const program: StackRun["program"] = () => {
      const { kubeconfig, context } = controlPlane;
      const provider = new kubernetes.Provider("cluster", { kubeconfig, context });
      return Promise.resolve(build({ provider }));
    };
    return { project: "p", stack: "s", program, config: {}, secretKeys: [], stateFile };
  }

  function read(kind: string, name: string, namespace?: string): Promise<Live> {
    const metadata = { name, ...(namespace !== undefined && { namespace }) };
    return cluster.read({ apiVersion: "v1", kind, metadata });
  }

  async function isGone(kind: string, name: string): Promise<boolean> {
    return read(kind, name).then(
      () => false,
      () => true,
    );
  }

  function configMap(name: string, data: Record<string, string>): Live {
    return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" }, data };
  }

  /** Does what somebody does by hand. */
  function apply(object: Live, manager: string): Promise<unknown> {
    return cluster.patch(object, undefined, undefined, manager, true, PatchStrategy.ServerSideApply);
  }

  /** The steps taken on the cluster's objects. */
  function ops(result: RunResult): string[] {
    const others = ["pulumi:pulumi:Stack", "pulumi:providers:kubernetes"];
    return result.steps.filter(({ type }) => !others.includes(type)).map(({ op, name }) => `${op} ${name}`);
  }

  async function failure(promise: Promise<unknown>): Promise<EngineError> {
    const error = await promise.then(
      () => assert.fail("the run did not fail"),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof EngineError, String(error));
    return error;
  }

  describe("plain objects", () => {
    it("creates, leaves alone, changes in place and deletes", async () => {
      let labels: Record<string, string> = { stage: "one" };
      const run = stack((opts) => {
        const namespace = new kubernetes.core.v1.Namespace(
          "plain",
          { metadata: { name: "plain", labels } },
          opts,
        );
        return { id: namespace.id, phase: namespace.status.phase };
      });
      assert.deepEqual(ops(await preview(run)), ["create plain"]);
      assert.equal(await isGone("Namespace", "plain"), true);
      assert.deepEqual((await up(run)).outputs, { id: "plain", phase: "Active" });
      const { resourceVersion } = (await read("Namespace", "plain")).metadata;
      assert.deepEqual(ops(await up(run)), ["same plain"]);
      assert.equal((await read("Namespace", "plain")).metadata.resourceVersion, resourceVersion);

      labels = { role: "two" };
      const planned = await preview(run);
      assert.deepEqual(planned.steps.at(-1)?.diff.sort(), ["metadata.labels.role", "metadata.labels.stage"]);
      assert.equal((await read("Namespace", "plain")).metadata.resourceVersion, resourceVersion);
      assert.deepEqual(ops(await up(run)), ["update plain"]);
      const changed = await read("Namespace", "plain");
      assert.equal(changed.metadata.labels?.role, "two");
      assert.equal(changed.metadata.labels?.stage, undefined, "a label no longer asked for is still there");

      assert.deepEqual(ops(await destroy(run)), ["delete plain"]);
      assert.equal(await isGone("Namespace", "plain"), true);
    });

    it("gives a name of its own to what has none, and another to its replacement", async () => {
      let value = "1";
      const run = stack((opts) => {
        const map = new kubernetes.core.v1.ConfigMap("named", { data: { value } }, opts);
        return { name: map.metadata.name };
      });
      const names: unknown[] = [(await up(run)).outputs.name, (await up(run)).outputs.name];
      value = "2";
      const replaced = await up(run);
      assert.deepEqual(ops(replaced), ["replace named"]);
      assert.match(String(names[0]), /^named-[0-9a-f]{8}$/);
      assert.equal(names[1], names[0]);
      assert.notEqual(replaced.outputs.name, names[0]);
      await destroy(run);
    });

    it("does not take over an object that is there already", async () => {
      await apply(configMap("taken", { a: "1" }), "somebody");
      const run = stack((opts) => {
        new kubernetes.core.v1.ConfigMap("taken", { metadata: { name: "taken" }, data: { a: "2" } }, opts);
      });
      const error = await failure(up(run));
      assert.match(error.message, /was not successfully created .* configmaps "taken" already exists/);
      assert.deepEqual((await read("ConfigMap", "taken", "default")).data, { a: "1" });
    });

    it("shows in a preview what the API server would refuse", async () => {
      const run = stack((opts) => {
        const labels = { "not a label": "x" };
        new kubernetes.core.v1.Namespace("bad", { metadata: { name: "bad", labels } }, opts);
      });
      assert.match((await failure(preview(run))).message, /Namespace "bad" is invalid: metadata\.labels/);
    });
  });

  describe("a volume and its claim", () => {
    function volumeAndClaim(path: string, name: string, timeout = "1m") {
      return stack((opts) => {
        const common = { storageClassName: "", accessModes: ["ReadWriteMany"] };
        const volume = new kubernetes.core.v1.PersistentVolume(
          `${name}-volume`,
          {
            metadata: { name },
            spec: { ...common, capacity: { storage: "1024Mi" }, nfs: { server: "192.0.2.1", path } },
          },
          opts,
        );
        const claim = new kubernetes.core.v1.PersistentVolumeClaim(
          `${name}-claim`,
          {
            metadata: { name, namespace: "default" },
            spec: {
              ...common,
              volumeName: volume.metadata.name,
              resources: { requests: { storage: "1Gi" } },
            },
          },
          { ...opts, customTimeouts: { create: timeout } },
        );
        return { phase: claim.status.phase };
      });
    }

    it("waits until the claim is bound, and sees no change afterwards", async () => {
      const run = volumeAndClaim("/a", "bound");
      assert.deepEqual((await up(run)).outputs, { phase: "Bound" });
      assert.deepEqual(ops(await up(run)), ["same bound-volume", "same bound-claim"]);
      await destroy(run);
      assert.equal(await isGone("PersistentVolume", "bound"), true);
    });

    it("replaces volume and claim for another path, the old ones deleted first, the claim ahead", async () => {
      await up(volumeAndClaim("/a", "moved"));
      const { uid } = (await read("PersistentVolumeClaim", "moved", "default")).metadata;
      const planned = await preview(volumeAndClaim("/b", "moved"));
      assert.deepEqual(ops(planned), ["replace moved-volume", "replace moved-claim"]);
      assert.deepEqual(planned.steps.find(({ op }) => op === "replace")?.diff, ["spec.nfs.path"]);
      assert.equal((await read("PersistentVolumeClaim", "moved", "default")).metadata.uid, uid);

      assert.deepEqual(ops(await up(volumeAndClaim("/b", "moved"))), ops(planned));
      const { spec } = await read("PersistentVolume", "moved");
      assert.equal((spec?.nfs as { path: string }).path, "/b");
      assert.notEqual((await read("PersistentVolumeClaim", "moved", "default")).metadata.uid, uid);
    });

    it("fails when a claim does not get bound in time, and tries again the next time", async () => {
      const claimOf = (name: string) =>
        stack((opts) => {
          const spec = {
            storageClassName: "",
            accessModes: ["ReadWriteOnce"],
            resources: { requests: { storage: "1Gi" } },
          };
          const metadata = { name: "lonely", namespace: "default" };
          const timeouts = { create: "1s", update: "1s" };
          new kubernetes.core.v1.PersistentVolumeClaim(
            name,
            { metadata, spec },
            { ...opts, customTimeouts: timeouts },
          );
        });
      const first = await failure(up(claimOf("lonely")));
      assert.match(
        first.message,
        /was successfully created, but .* failed to fully initialize or become live/,
      );
      const second = await failure(up(claimOf("lonely")));
      assert.match(second.message, /"default\/lonely" failed to fully initialize or become live/);
    });
  });

  describe("patches", () => {
    function patch(data: Record<string, string>, annotations: Record<string, string>, name = "shared") {
      return stack((opts) => {
        new kubernetes.core.v1.ConfigMapPatch(
          "patch",
          { metadata: { name, namespace: "default", annotations }, data },
          opts,
        );
      });
    }
    const ours = { "pulumi.com/patchFieldManager": "registry" };

    it("owns only what it sets, and gives it up again when deleted", async () => {
      await apply(configMap("shared", { theirs: "1" }), "somebody");
      const run = patch({ ours: "2" }, ours);
      assert.deepEqual(ops(await preview(run)), ["create patch"]);
      assert.deepEqual((await read("ConfigMap", "shared", "default")).data, { theirs: "1" });
      await up(run);
      const live = await read("ConfigMap", "shared", "default");
      assert.deepEqual(live.data, { theirs: "1", ours: "2" });
      const managers = live.metadata.managedFields?.map(
        ({ manager, operation }) => `${manager} ${operation}`,
      );
      assert.deepEqual(managers?.sort(), ["registry Apply", "somebody Apply"]);
      assert.deepEqual(ops(await up(run)), ["same patch"]);
      await destroy(run);
      assert.deepEqual((await read("ConfigMap", "shared", "default")).data, { theirs: "1" });
    });

    it("misses a conflict in the preview of a create, fails on it, and takes the field when forced", async () => {
      await apply(configMap("disputed", { field: "theirs" }), "somebody");
      await preview(patch({ field: "ours" }, ours, "disputed"));
      const error = await failure(up(patch({ field: "ours" }, ours, "disputed")));
      assert.match(error.message, /server-side apply field conflict detected/);
      assert.match(error.message, /conflict with "somebody": \.data\.field/);
      await up(patch({ field: "ours" }, { ...ours, "pulumi.com/patchForce": "true" }, "disputed"));
      assert.deepEqual((await read("ConfigMap", "disputed", "default")).data, { field: "ours" });
    });

    it("sees a conflict in the preview of an update", async () => {
      await apply(configMap("later", { a: "1" }), "somebody");
      await up(patch({ b: "1" }, ours, "later"));
      const error = await failure(preview(patch({ b: "1", a: "2" }, ours, "later")));
      assert.match(error.message, /conflict with "somebody": \.data\.a/);
    });

    it("cannot remove what another manager set", async () => {
      await apply(configMap("stuck", { emptyDir: "theirs" }), "somebody");
      await up(patch({ pvc: "ours" }, ours, "stuck"));
      assert.deepEqual((await read("ConfigMap", "stuck", "default")).data, {
        emptyDir: "theirs",
        pvc: "ours",
      });
    });

    it("waits for what pulumi.com/waitFor says", async () => {
      await apply(configMap("awaited", { phase: "later" }), "somebody");
      const annotations = { ...ours, "pulumi.com/waitFor": "jsonpath={.data.phase}=ready" };
      const running = up(patch({ ours: "1" }, annotations, "awaited"));
      while ((await read("ConfigMap", "awaited", "default")).data?.ours === undefined) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await apply(configMap("awaited", { phase: "ready" }), "somebody");
      assert.deepEqual(ops(await running), ["create patch"]);
    });
  });

  it("previews without a cluster, and then says that there is none", async () => {
    const program: StackRun["program"] = () => {
      const { kubeconfig } = controlPlane;
      const nobody = readFileSync(kubeconfig, "utf8").replace(/server: .*/, "server: https://127.0.0.1:1");
      const provider = new kubernetes.Provider("nobody", { kubeconfig: nobody });
      new kubernetes.core.v1.Namespace("there", { metadata: { name: "there" } }, { provider });
      return Promise.resolve();
    };
    const run: StackRun = { project: "p", stack: "s", program, config: {}, secretKeys: [], stateFile };
    assert.equal(ops(await preview(run)).at(-1), "create there");
    assert.match(
      (await failure(up(run))).message,
      /^configured Kubernetes cluster is unreachable: .*ECONNREFUSED/,
    );
  });

  it("names the kind and its missing definition when there is no such kind", async () => {
    const run = stack((opts) => {
      const args = { apiVersion: "example.org/v1", kind: "Thing", metadata: { name: "it" } };
      new kubernetes.apiextensions.CustomResourcePatch("thing", args, opts);
    });
    assert.deepEqual(ops(await preview(run)), ["create thing"]);
    const { message } = await failure(up(run));
    assert.match(
      message,
      /apiVersion for this resource does not exist.*no matches for kind "Thing" in version "example.org\/v1"/,
    );
  });
});
