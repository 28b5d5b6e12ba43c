import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import type { EngineEvent } from "@pulumi/pulumi/automation";

import { findingsIn } from "../../../ci/lib/events";
import { withoutOutputs, unknown } from "../../../ci/lib/plan-file";
import type { PulumiRun } from "../../../ci/lib/pulumi";
import { bodyLimit, report } from "../../../ci/lib/report";
import { redactor } from "../../../ci/lib/secrets";
import { diagnostic, summary } from "./job";

const run = (more: Partial<PulumiRun>): PulumiRun => ({
  exitCode: 0,
  output: "",
  findings: [],
  changes: {},
  ...more,
});

describe("a report of a run", () => {
  it("loses the end of the engine's text when it is too long, and says so; the findings stay", () => {
    const findings = [{ severity: "error", message: "images would be lost" }] as const;
    const text = report("Preview of stack dev", run({ output: "😀".repeat(80_000), findings, exitCode: 1 }));
    assert.ok(text.length <= bodyLimit && text.length > bodyLimit - 10, String(text.length));
    assert.match(text, /images would be lost/);
    assert.match(text, /the job's log has all of it/);
    assert.doesNotMatch(text, /[\ud800-\udbff](?![\udc00-\udfff])/);
  });

  it("stays in the limit when the findings alone are too long", () => {
    const findings = [{ severity: "warning", message: "x".repeat(100_000) }] as const;
    const text = report("Preview of stack dev", run({ findings }));
    assert.ok(text.length <= bodyLimit);
    assert.match(text, /the job's log has all of it/);
  });

  it("shows what the engine wrote as text, whatever is in it", () => {
    const text = report("Preview of stack dev", run({ output: "```\n<img src=x>\n````" }));
    assert.match(text, /\n`````text\n```\n<img src=x>\n````\n`````\n/);
  });

  it("has errors before warnings before notes, each once, without colors and the engine's own noise", () => {
    const events = [
      diagnostic("debug", "Registering resource"),
      diagnostic("info", "will change replicas"),
      diagnostic("warning", "<{%fg 3%}>not converged<{%reset%}>\n"),
      {
        policyEvent: {
          enforcementLevel: "mandatory",
          policyName: "never-empty-dir",
          message: "prod on emptyDir",
        },
      },
      diagnostic("warning", "not converged"),
      diagnostic("error", "preview failed"),
      summary({ same: 3, update: 1 }),
    ];
    const { findings, changes } = findingsIn(events as unknown as EngineEvent[]);
    assert.deepEqual(
      findings.map(({ severity, message }) => `${severity}: ${message}`),
      [
        "error: policy never-empty-dir: prod on emptyDir",
        "warning: not converged",
        "info: will change replicas",
      ],
    );
    assert.deepEqual(changes, { update: 1 });
  });
});

describe("the job's secrets", () => {
  it("are taken out whole, the longer first, in each line of a key", () => {
    const environment = {
      PULUMI_ACCESS_TOKEN: "pul-12345678",
      PULUMI_CONFIG_PASSPHRASE: "pul-12345678-and-more",
      KUBECONFIG_CONTENTS: 'users: [{ user: { password: "first line\\nsecond line" } }]',
    };
    assert.equal(redactor(environment)("pul-12345678-and-more, pul-12345678, second line"), "***, ***, ***");
  });

  it("are found in files too, and in the keys of a cloud that keeps the state", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "secrets-"));
    try {
      const kubeconfig = path.join(folder, "kubeconfig");
      writeFileSync(kubeconfig, "users: [{ user: { token: token-of-a-file } }]");
      const account = path.join(folder, "account.json");
      writeFileSync(account, JSON.stringify({ private_key: "-----BEGIN\nkey-of-a-file\n", type: "account" }));
      const environment = {
        KUBECONFIG: [path.join(folder, "none"), kubeconfig].join(path.delimiter),
        GOOGLE_APPLICATION_CREDENTIALS: account,
        GOOGLE_CREDENTIALS: JSON.stringify({ private_key: "first line\nsecond line\n" }),
        AZURE_STORAGE_KEY: "azure-storage-key",
        ARM_CLIENT_SECRET: "arm-client-secret",
      };
      const text = "token-of-a-file key-of-a-file second line azure-storage-key arm-client-secret account";
      assert.equal(redactor(environment)(text), "*** *** *** *** *** account");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("are not looked for where none is set", () => {
    assert.equal(redactor({ PULUMI_CONFIG_PASSPHRASE: "" })("nothing to hide"), "nothing to hide");
  });
});

describe("a plan's file", () => {
  it("no longer holds the up to the outputs of components, new or old; resources stay as planned", () => {
    const resource = { goal: { custom: true, outputDiff: {} }, state: { spec: 1 } };
    const component = {
      goal: { custom: false, outputDiff: { adds: { next: ["look"] } } },
      state: { next: ["look"], conditions: "green" },
    };
    const { resourcePlans } = withoutOutputs({ resourcePlans: { resource, component } });
    assert.deepEqual(resourcePlans.resource!.goal!.outputDiff, {});
    assert.deepEqual(resourcePlans.component!.goal!.outputDiff, {
      adds: { next: unknown },
      updates: { conditions: unknown },
    });
  });
});
