import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync, watch, writeFileSync } from "node:fs";

import { Job } from "./job";

/** Ends in order when it is asked to, as the CLI does: it finishes what it has begun, and still needs the cluster for that. */
const pulumi = `#!/usr/bin/env bash
finish() { cp "$KUBECONFIG" "$FAKE/still-there"; kill $!; exit 1; }
trap finish INT
sleep 300 &
touch "$FAKE/started"
wait
`;

describe("a job that is cancelled", function () {
  this.timeout(60_000);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`by ${signal} asks the CLI to end, waits for it, and leaves no kubeconfig behind`, async () => {
      const job = new Job({ KUBECONFIG_CONTENTS: "users: []\n" });
      try {
        writeFileSync(job.file("bin/pulumi"), pulumi);
        const started = new Promise<void>((resolve) => {
          const watcher = watch(job.file("fake"), () => {
            if (!existsSync(job.file("fake/started"))) return;
            watcher.close();
            resolve();
          });
        });
        const child = job.start("preview", "dev");
        const ended = once(child, "exit");
        await started;
        child.kill(signal);
        assert.deepEqual(await ended, [null, signal]);
        assert.equal(job.read("fake/still-there"), "users: []\n");
        assert.deepEqual(readdirSync(job.folder).sort(), ["bin", "fake"]);
      } finally {
        job.remove();
      }
    });
  }
});
