import assert from "node:assert/strict";
import { registryManager } from "../../../kubernetes/field-managers";
import { operator } from "../../../platforms/operator";
import { waitFor } from "../../../platforms/wait";
import { UserError } from "../../../errors";
import { FakeCluster } from "../support/fake-cluster";
import { followed, live, onClaim, pendingPod, plan, registryConfig } from "../support/fixtures";
import { patience } from "../support/monitor";

describe("waiting for the registry", function () {
  this.timeout(patience);

  const done = registryConfig({ storage: onClaim("images") });
  const converged = live({ config: done, deployment: followed(done) });
  const lagging = live({ config: done, deployment: followed(registryConfig()) });
  let cluster: FakeCluster;

  const start = async (found: typeof converged) => (cluster = await new FakeCluster(found).start());
  const wait = (timeoutSeconds: number, progress: (line: string) => void = () => {}) =>
    waitFor(operator, cluster.connection, plan({ storage: onClaim("images") }), {
      live: converged,
      timeoutSeconds,
      progress,
    });
  afterEach(() => cluster.stop());

  it("ends at once when it serves already", async () => {
    await start(converged);
    const { config } = await wait(0, (line) => assert.fail(line));
    assert.equal(config.metadata?.name, "cluster");
  });

  it("goes on while the Config is green and the deployment lags, and shows what for", async () => {
    await start(lagging);
    const lines: string[] = [];
    await wait(60, (line) => {
      lines.push(line);
      cluster.live = converged;
    });
    assert.equal(lines.length, 1);
    assert.match(
      lines[0] ?? "",
      /^waiting for the registry: the deployment does not have the change yet: storage/,
    );
  });

  it("shows the same reason once, however long it lasts", async () => {
    await start(lagging);
    const lines: string[] = [];
    await assert.rejects(
      wait(1, (line) => lines.push(line)),
      UserError,
    );
    assert.equal(lines.length, 1, lines.join("\n"));
  });

  it("fails when time is up, with the conditions, the pods' own messages and what comes next", async () => {
    const message = "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector";
    await start({ ...lagging, pods: [pendingPod(message)] });
    await assert.rejects(wait(0), (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.match(
        error.message,
        /did not converge within 0 s \(timeoutSeconds\); .* the next up looks again/,
      );
      assert.match(error.message, /waiting: the deployment does not have the change yet/);
      assert.match(error.message, /condition: Available=True/);
      assert.ok(error.message.includes(`(Pending): Unschedulable: ${message}`));
      return true;
    });
  });

  it("fails at once when another manager has put a field back, naming field, value, manager and what to do", async () => {
    const managedFields = [
      { manager: registryManager, operation: "Apply", fieldsV1: { "f:spec": { "f:storage": {} } } },
      {
        manager: "argocd-controller",
        operation: "Update",
        fieldsV1: { "f:spec": { "f:managementState": {} } },
      },
    ];
    const removed = registryConfig({ storage: onClaim("images"), managementState: "Removed" });
    const config = { ...removed, metadata: { ...removed.metadata, managedFields } };
    await start({ ...lagging, config });
    await assert.rejects(wait(60), (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.match(
        error.message,
        /spec\.managementState of the Config is "Removed" by argocd-controller, asked is "Managed"/,
      );
      assert.match(error.message, /out of what argocd-controller applies, or ask for its value/);
      return true;
    });
  });

  it("fails at once when there is no Config any more", async () => {
    await start({ ...lagging, config: undefined as unknown as typeof done });
    await assert.rejects(
      wait(60),
      /this cluster has no configs\.imageregistry\.operator\.openshift\.io\/cluster/,
    );
  });
});
