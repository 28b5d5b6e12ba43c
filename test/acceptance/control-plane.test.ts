import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { CoreV1Api, KubeConfig, type V1Pod, type V1PodSpec } from "@kubernetes/client-node";

import { UserError } from "../../errors";
import { type ControlPlane, runningControlPlane, startControlPlane } from "../../sandbox/control-plane";
import { isRunning, recordedProcesses } from "../../sandbox/process";
import { eventually, listening, processesOf } from "./support";
import { typescriptLoader } from "../../project";

const minutes = 60_000;
const log = (line: string) => console.error(`    ${line}`);

describe("the sandbox's control plane", function () {
  this.timeout(2 * minutes);
  let directory: string;
  let controlPlane: ControlPlane;

  const connect = () => {
    const config = new KubeConfig();
    config.loadFromFile(controlPlane.kubeconfig);
    return { core: config.makeApiClient(CoreV1Api), cluster: config.getCurrentCluster()! };
  };
  const createPod = (name: string, spec: Partial<V1PodSpec>) =>
    connect().core.createNamespacedPod({
      namespace: "default",
      body: { metadata: { name }, spec: { containers: [{ name: "main", image: "registry" }], ...spec } },
    });
  const podOnce = (name: string, holds: (pod: V1Pod) => boolean | undefined) =>
    eventually(() => connect().core.readNamespacedPod({ name, namespace: "default" }), holds);

  before(async function () {
    this.timeout(30 * minutes); // the first one builds
    directory = mkdtempSync(path.join(tmpdir(), "sandbox-"));
    controlPlane = await startControlPlane({ directory, log });
  });
  after(async () => {
    await controlPlane?.stop();
    rmSync(directory, { recursive: true });
  });

  describe("security", () => {
    it("answers 401 to who shows no certificate", async () => {
      const { server, caData } = connect().cluster;
      const ca = Buffer.from(caData!, "base64");
      const status = await new Promise((resolve, reject) => {
        request(`${server}/api/v1/nodes`, { ca }, (response) => resolve(response.statusCode))
          .on("error", reject)
          .end();
      });
      assert.equal(status, 401);
    });

    it("does not answer without TLS", async () => {
      const response = await fetch(connect().cluster.server.replace("https:", "http:"));
      assert.equal(response.status, 400);
      assert.match(await response.text(), /HTTP request to an HTTPS server/);
    });

    it("lets nobody read etcd without a certificate", async () => {
      const etcd = recordedProcesses(directory).find(({ name }) => name === "etcd")!;
      const url = etcd.args.find((arg) => arg.startsWith("--listen-client-urls="))!.split("=")[1]!;
      const ca = Buffer.from(connect().cluster.caData!, "base64");
      const get = new Promise((resolve, reject) =>
        request(`${url}/health`, { ca }, resolve).on("error", reject).end(),
      );
      await assert.rejects(get, /certificate required|ECONNRESET/);
    });

    it("listens on loopback only", () => {
      const addresses = recordedProcesses(directory).flatMap(({ pid }) => listening(pid));
      assert.equal(addresses.length, 3, "etcd for clients and peers, the API server");
      for (const address of addresses) assert.equal(address, "0100007F", "127.0.0.1");
    });
  });

  describe("nodes", () => {
    it("are two workers and two tainted infra nodes, ready", async () => {
      const { items } = await connect().core.listNode();
      assert.deepEqual(
        items.map(({ metadata, spec }) => [
          metadata!.name,
          spec!.taints?.map((taint) => `${taint.key}:${taint.effect}`),
        ]),
        [
          ["infra-0", ["node-role.kubernetes.io/infra:NoSchedule"]],
          ["infra-1", ["node-role.kubernetes.io/infra:NoSchedule"]],
          ["worker-0", undefined],
          ["worker-1", undefined],
        ],
      );
    });

    it("run a pod on a worker", async () => {
      await createPod("anywhere", {});
      const pod = await podOnce("anywhere", ({ status }) => status?.phase === "Running");
      assert.match(pod.spec!.nodeName!, /^worker-/);
      assert.ok(pod.status!.conditions!.some(({ type, status }) => type === "Ready" && status === "True"));
    });

    const nodeSelector = { "node-role.kubernetes.io/infra": "" };
    it("keep a pod off infra that does not tolerate its taint, and the pod says why", async () => {
      await createPod("intolerant", { nodeSelector });
      const scheduled = ({ status }: V1Pod) =>
        status?.conditions?.find(({ type }) => type === "PodScheduled");
      const pod = await podOnce("intolerant", (pod) => scheduled(pod) !== undefined);
      assert.match(scheduled(pod)!.message!, /2 node\(s\) had untolerated taint/);
    });

    it("run a pod on infra that tolerates its taint", async () => {
      const tolerations = [{ key: "node-role.kubernetes.io/infra", operator: "Exists" }];
      await createPod("tolerant", { nodeSelector, tolerations });
      const pod = await podOnce("tolerant", ({ status }) => status?.phase === "Running");
      assert.match(pod.spec!.nodeName!, /^infra-/);
    });

    it("let go of a deleted pod", async () => {
      await createPod("short-lived", {});
      await podOnce("short-lived", ({ status }) => status?.phase === "Running");
      await connect().core.deleteNamespacedPod({ name: "short-lived", namespace: "default" });
      const names = async () => (await connect().core.listNamespacedPod({ namespace: "default" })).items;
      await eventually(names, (pods) => !pods.some(({ metadata }) => metadata!.name === "short-lived"));
    });
  });

  it("binds a claim to the volume made for it", async () => {
    const { core } = connect();
    const shared = { accessModes: ["ReadWriteMany"], storageClassName: "" };
    await core.createPersistentVolume({
      body: {
        metadata: { name: "images" },
        spec: {
          ...shared,
          capacity: { storage: "1Gi" },
          nfs: { server: "127.0.0.1", path: "/exports/registry" },
        },
      },
    });
    await core.createNamespacedPersistentVolumeClaim({
      namespace: "default",
      body: {
        metadata: { name: "images" },
        spec: { ...shared, volumeName: "images", resources: { requests: { storage: "1Gi" } } },
      },
    });
    const read = () => core.readNamespacedPersistentVolumeClaim({ name: "images", namespace: "default" });
    await eventually(read, ({ status }) => status?.phase === "Bound");
    assert.equal((await core.readPersistentVolume({ name: "images" })).spec!.claimRef!.name, "images");
  });

  describe("life", () => {
    it("is one for a folder: a second start finds the first", async () => {
      const before = recordedProcesses(directory);
      const second = await startControlPlane({ directory });
      assert.equal(second.kubeconfig, controlPlane.kubeconfig);
      assert.deepEqual(recordedProcesses(directory), before);
    });

    it("survives a restart of the API server with all it holds", async () => {
      const pid = () => recordedProcesses(directory).find(({ name }) => name === "kube-apiserver")!.pid;
      const before = pid();
      await controlPlane.restartApiServer();
      assert.notEqual(pid(), before);
      await connect().core.readNamespacedPod({ name: "anywhere", namespace: "default" });
    });

    it("starts anew after the API server was killed, and leaves nothing of the old one running", async () => {
      const before = recordedProcesses(directory);
      process.kill(before.find(({ name }) => name === "kube-apiserver")!.pid, "SIGKILL");
      await eventually(
        () => runningControlPlane(directory),
        (running) => running === undefined,
      );
      controlPlane = await startControlPlane({ directory });
      assert.deepEqual(before.filter(isRunning), []);
      assert.equal((await connect().core.listNode()).items.length, 4);
    });

    it("has one infra node when asked for one", async () => {
      await controlPlane.stop();
      controlPlane = await startControlPlane({ directory, infraNodes: 1 });
      const { items } = await connect().core.listNode();
      assert.deepEqual(
        items.map(({ metadata }) => metadata!.name),
        ["infra-0", "worker-0", "worker-1"],
      );
    });

    it("ends without a trace but its logs", async () => {
      await controlPlane.stop();
      assert.deepEqual(processesOf(directory), []);
      assert.equal(await runningControlPlane(directory), undefined);
      assert.deepEqual(readdirSync(directory).sort(), ["logs"]);
      assert.ok(readdirSync(path.join(directory, "logs")).includes("kube-apiserver.log"));
    });
  });

  describe("trouble at the start", () => {
    it("of a program that ends at once: its last words are told, and nothing stays behind", async () => {
      const cache = mkdtempSync(path.join(tmpdir(), "sandbox-cache-"));
      const broken = path.join(cache, "image-registry-sandbox", path.basename(controlPlane.binaries));
      cpSync(controlPlane.binaries, broken, { recursive: true });
      writeFileSync(path.join(broken, "kube-scheduler"), "#!/bin/sh\necho no luck today\nexit 1\n", {
        mode: 0o755,
      });
      const { XDG_CACHE_HOME } = process.env;
      process.env["XDG_CACHE_HOME"] = cache;
      try {
        await assert.rejects(
          startControlPlane({ directory }),
          (error) =>
            error instanceof UserError && /kube-scheduler ended.*\nno luck today/.test(error.message),
        );
      } finally {
        if (XDG_CACHE_HOME === undefined) delete process.env["XDG_CACHE_HOME"];
        else process.env["XDG_CACHE_HOME"] = XDG_CACHE_HOME;
        rmSync(cache, { recursive: true });
      }
      assert.deepEqual(processesOf(directory), []);
    });

    it("of two at once: the second is told the pid of the first; ended by SIGTERM, the first cleans up", async () => {
      const main = path.resolve(__dirname, "../../sandbox/main.ts");
      const first = spawn(process.execPath, [...typescriptLoader, main, "start", "--directory", directory], {
        stdio: ["ignore", "inherit", "pipe"],
      });
      const ended = once(first, "exit");
      await eventually(
        () => Promise.resolve(recordedProcesses(directory)),
        (records) => records.length > 0,
      );
      await assert.rejects(
        startControlPlane({ directory }),
        (error) => error instanceof UserError && error.message.includes(`process ${first.pid} is busy there`),
      );
      first.kill("SIGTERM");
      assert.deepEqual(await ended, [143, null]);
      assert.deepEqual(processesOf(directory), []);
    });
  });
});
