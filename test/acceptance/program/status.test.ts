import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as path from "node:path";
import { stripVTControlCharacters } from "node:util";

import { projectDirectory, typescriptLoader } from "../../../project";
import { configurationOf, preview, type StackRun, up, warnings } from "../../support/engine";
import type { Condition } from "../../../platforms/observed";
import { readStatus } from "../../../status/status";
import { statusText } from "../../../status/text";
import { testCluster } from "./harness";
import { nfs, nfsClaim } from "./runs";

/** Of stack dev, which goes from one test to the next, and last of prod. */
describe("the status of a registry", function () {
  this.timeout("2m");
  const cluster = testCluster();

  const statusOf = (run: StackRun) => readStatus(configurationOf(run));

  before(async () => {
    await cluster.fresh();
    await up(cluster.stack("dev"));
  });

  it("says what differs from what the stack asks for", async () => {
    const { converged, waitingFor } = await statusOf(cluster.stack("dev", nfs));
    assert.equal(converged, false);
    assert.deepEqual(waitingFor, [`storage is emptyDir, the stack asks for pvc "${nfsClaim}"`]);
  });

  it("ends with 0, 1 or 2, and is JSON for programs", async () => {
    const { kubeconfig, context } = cluster.controlPlane;
    const options = ["--kubeconfig", kubeconfig, "--context", context];
    const dev = await status("--stack", "dev", "--json", ...options);
    assert.equal(dev.code, 0, dev.stderr);
    const shown = JSON.parse(dev.stdout) as Record<string, unknown>;
    assert.deepEqual([shown.storage, shown.converged], ["emptyDir", true]);
    assert.equal((await status("--stack", "prod", ...options)).code, 1);
    const unknown = await status("--stack", "staging", ...options);
    assert.deepEqual(
      [unknown.code, unknown.stderr],
      [2, 'error: --stack "staging": there is no Pulumi.staging.yaml\n'],
    );
    assert.equal(
      (await status("--stack", "dev", "--kubeconfig", kubeconfig, "--context", "nowhere")).code,
      2,
    );
  });

  it("serves and needs care while a part of it fails: in headline and exit code, and in a preview's warnings", async () => {
    // Else it would write what it finds over what is said here in its place.
    cluster.signal("registry-operator", "SIGSTOP");
    try {
      await says("Config", {
        type: "NodeCADaemonDegraded",
        status: "True",
        reason: "Error",
        message: "down",
      });
      await says("ImagePruner", { type: "Failed", status: "True", reason: "Failed", message: "no rights" });
      const { kubeconfig, context } = cluster.controlPlane;
      const told = await status("--stack", "dev", "--kubeconfig", kubeconfig, "--context", context);
      assert.equal(told.code, 1);
      assert.match(told.stdout, /serves what the stack asks for, and needs care$/m);
      for (const text of [told.stdout, warnings(await preview(cluster.stack("dev")))]) {
        assert.match(text, /Config: NodeCADaemonDegraded=True \(Error\): down/);
        assert.match(text, /ImagePruner: Failed=True \(Failed\): no rights/);
      }
    } finally {
      cluster.signal("registry-operator", "SIGCONT");
    }
  });

  it("says what somebody changed by hand, though pods serve", async () => {
    await cluster.patch("Config", "cluster", { spec: { rolloutStrategy: "Recreate" } });
    const { waitingFor } = await statusOf(cluster.stack("dev"));
    assert.ok(
      waitingFor.some((line) => line.startsWith("an up will put back spec.rolloutStrategy of the Config")),
      waitingFor.join("\n"),
    );
  });

  it("says in the pods' own words why they do not run", async () => {
    const nodes = (await cluster.list("Node")).map(({ metadata }) => metadata.name);
    for (const node of nodes) await cluster.cordon(node);
    for (const { metadata } of await cluster.pods()) await cluster.delete("Pod", metadata.name);
    let waitingFor: readonly string[] = [];
    while (!waitingFor.some((line) => line.includes("were unschedulable")))
      ({ waitingFor } = await statusOf(cluster.stack("dev")));
    assert.ok(
      waitingFor.some((line) => /^pod image-registry-.* \(Pending\): Unschedulable: 0\/4 nodes/.test(line)),
    );
  });

  it("shows claim, pods, nodes and conditions, once the registry serves what its stack asks for", async () => {
    await cluster.fresh();
    const stack = cluster.stack("prod");
    await up(stack);
    const status = await statusOf(stack);
    assert.deepEqual([status.converged, status.waitingFor], [true, []]);
    assert.deepEqual(status.pods.map(({ node, ready, phase }) => [node, ready, phase]).sort(), [
      ["infra-0", true, "Running"],
      ["infra-1", true, "Running"],
    ]);
    const { claim } = status;
    assert.deepEqual(
      [claim?.name, claim?.phase, claim?.volume, claim?.capacity],
      [nfsClaim, "Bound", nfsClaim, "100Gi"],
    );
    const text = stripVTControlCharacters(statusText(status));
    assert.match(text, /^registry of sandbox \(operator\) {2}● serves what the stack asks for$/m);
    assert.match(text, /^claim +image-registry-nfs Bound, volume image-registry-nfs, 100Gi, ReadWriteMany$/m);
    assert.match(
      text,
      /^export +nfs\.prod\.example\.com:\/srv\/registry, this stack does not reach its host/m,
    );
    assert.match(text, /^ {2}✔ Available=True \(Ready\)/m);
  });

  /** What the operator would say of it. */
  async function says(kind: "Config" | "ImagePruner", condition: Condition): Promise<void> {
    const object = (await cluster.get(kind, "cluster")) as { status?: { conditions?: { type: string }[] } };
    const others = (object.status?.conditions ?? []).filter(({ type }) => type !== condition.type);
    const lastTransitionTime = "2026-01-01T00:00:00Z";
    const conditions = [...others, { ...condition, lastTransitionTime }];
    await cluster.patchStatus(kind === "Config" ? "configs" : "imagepruners", "cluster", { conditions });
  }

  async function status(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const main = path.join(projectDirectory, "status/main.ts");
    return new Promise((resolve) => {
      const child = execFile(process.execPath, [...typescriptLoader, main, ...args], (_, stdout, stderr) =>
        resolve({ code: child.exitCode ?? -1, stdout, stderr }),
      );
    });
  }
});
