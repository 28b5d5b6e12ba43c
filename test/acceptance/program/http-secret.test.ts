import assert from "node:assert/strict";
import { changes, expectNoChanges, preview, type StackRun, up } from "../../support/engine";
import { assertHidden } from "../../support/secrets";
import { testCluster } from "./harness";
import { Objects } from "./objects";

interface Resource {
  urn: string;
  type: string;
  id?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}
interface State {
  deployment: { resources: Resource[] };
}

const drawn = "random:index/randomPassword:RandomPassword";
const former = "random:index/randomBytes:RandomBytes";

describe("a stack from before, whose http secret is the id of a resource in its state", function () {
  this.timeout("5m");
  const cluster = testCluster();
  const standalone = new Objects("image-registry");

  it("keeps the secret that the operator's pods know, rolls none of them, and is clean after one up", async () => {
    const run = cluster.stack("dev");
    await up(run);
    await becomesClean(run, (await cluster.config()).spec.httpSecret!, async () => ({
      secret: (await cluster.config()).spec.httpSecret,
      pods: (await cluster.pods()).map(({ metadata }) => metadata.uid),
    }));
  });

  it("keeps the secret that the stack's own pods know, rolls none of them, and is clean after one up", async () => {
    standalone.connect(cluster.controlPlane.kubeconfig);
    const run = { ...cluster.stack("standalone"), secrets: () => standalone.secrets() };
    await up(run);
    const [secret] = Object.values(await standalone.secrets());
    await becomesClean(run, secret!, async () => ({
      secrets: await standalone.secrets(),
      pods: (await standalone.list("Pod")).map(({ metadata }) => metadata.uid),
    }));
  });

  async function becomesClean(run: StackRun, secret: string, seen: () => Promise<object>): Promise<void> {
    await makeFormer(run, secret);
    await assert.rejects(assertHidden(run, ""), /the state has .* in plain text/);
    const before = await seen();
    const steps = ["create registry-http-secret", "retain registry-http-secret"];
    const unsearched = { ...run, secrets: () => Promise.resolve({}) }; // a preview cleans nothing
    const previewed = await preview(unsearched);
    assert.deepEqual(changes(previewed).sort(), steps);
    assert.deepEqual(changes(await up(run)).sort(), steps); // what it leaves is searched, as after every run
    assert.deepEqual(await seen(), before);
    await expectNoChanges(run);
  }

  /** Brings the state to what an earlier version of the program would have left. */
  async function makeFormer({ stacks, stack }: StackRun, secret: string): Promise<void> {
    const exported = await stacks.command(["stack", "export", "--show-secrets", "--stack", stack]);
    const state = JSON.parse(exported.replaceAll(drawn, former)) as State;
    const resource = state.deployment.resources.find(({ type }) => type === former)!;
    resource.id = Buffer.from(secret).toString("base64");
    resource.inputs = { length: 64 };
    resource.outputs = { length: 64 };
    await stacks.command(["stack", "import", "--stack", stack], { stdin: JSON.stringify(state) });
  }
});
