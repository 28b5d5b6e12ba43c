import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";

import { backOff, WorkQueue } from "../../../../sandbox/operator/queue";

const ignore = () => undefined;
const unexpected = (error: unknown) => assert.fail(String(error));

describe("the operator stand-in's work queue", () => {
  it("waits twice as long after each failure in a row, at most a thousand seconds", () => {
    assert.deepEqual([0, 1, 2, 10, 40].map(backOff), [5, 10, 20, 5120, 1_000_000]);
  });

  it("works again by itself after a failure, until it succeeds", async () => {
    let runs = 0;
    const done = new Promise<void>((resolve) => {
      const queue = new WorkQueue(async () => {
        await setImmediate();
        if (++runs < 4) throw new Error("again");
        resolve();
      }, ignore);
      queue.add();
    });
    await done;
    assert.equal(runs, 4);
  });

  it("never works twice at a time, and once more when asked meanwhile", async () => {
    let runs = 0;
    let busy = false;
    const queue = new WorkQueue(async () => {
      assert.ok(!busy);
      busy = true;
      if (runs++ === 0) for (let i = 0; i < 5; i++) queue.add();
      await setImmediate();
      busy = false;
    }, unexpected);
    queue.add();
    while (busy || runs < 2) await setImmediate();
    await queue.stop();
    assert.equal(runs, 2);
  });

  it("ends after the work at hand, and takes no more", async () => {
    let runs = 0;
    const queue = new WorkQueue(async () => {
      await setImmediate();
      runs++;
    }, unexpected);
    queue.add();
    queue.add();
    await queue.stop();
    queue.add();
    assert.equal(runs, 1);
  });
});
