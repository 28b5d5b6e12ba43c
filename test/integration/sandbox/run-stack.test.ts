import assert from "node:assert/strict";

import type { ControlPlane } from "../../../sandbox/control-plane";
import type { Stacks } from "../../../sandbox/engine";
import { runStack } from "../../../sandbox/run-stack";

describe("running a stack in the sandbox", () => {
  it("begins nothing more once it was interrupted: Ctrl-C ends the compiler, too, that would load the program", async () => {
    const interrupt = new AbortController();
    const operations: string[] = [];
    const stacks = {
      configure: () => Promise.resolve(interrupt.abort(new Error("ended by SIGINT"))),
      operate: ([operation]: string[]) => Promise.resolve({ exitCode: operations.push(operation!) - 1 }),
    } as unknown as Stacks;
    const controlPlane = { kubeconfig: "kubeconfig", context: "sandbox" } as ControlPlane;
    const run = runStack({ stacks, stack: "dev", controlPlane, signal: interrupt.signal });
    await assert.rejects(run, /ended by SIGINT/);
    assert.deepEqual(operations, []);
  });
});
