import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import type { EngineEvent } from "@pulumi/pulumi/automation";

import { findingsIn } from "../../../../ci/lib/events";
import { withoutOutputs, unknown } from "../../../../ci/lib/update-plan";
import type { PulumiRun } from "../../../../ci/lib/run";
import { bodyLimit, outline, report } from "../../../../ci/lib/report";
import { resourceChanges } from "../../../../ci/lib/resource-changes";
import { redactor } from "../../../../ci/lib/secrets";
import { diagnostic, summary } from "../../../integration/ci/job";

const run = (more: Partial<PulumiRun>): PulumiRun => ({
  exitCode: 0,
  output: "",
  findings: [],
  changes: {},
  resources: [],
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

  it("lists what changes in each resource, and nothing of what a refresh saw", () => {
    const secret = {
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      ciphertext: "x",
    };
    const step = (op: string, name: string, more: object = {}) => ({
      resourcePreEvent: {
        metadata: {
          op,
          urn: `urn:pulumi:dev::image-registry::a:b:C$k:v1:Config::${name}`,
          type: "k:v1:Config",
          ...more,
        },
      },
    });
    const detailedDiff = {
      "spec.replicas": { diffKind: "update", inputDiff: false },
      'metadata.annotations["image-registry/evicted"]': { diffKind: "add", inputDiff: true },
      "spec.httpSecret": { diffKind: "update", inputDiff: false },
      "spec.storage.emptyDir": { diffKind: "delete", inputDiff: false },
    };
    const old = {
      inputs: {},
      outputs: { spec: { replicas: 1, httpSecret: secret, storage: { emptyDir: {} } } },
    };
    const wanted = {
      inputs: {
        metadata: { annotations: { "image-registry/evicted": "emptyDir@7" } },
        spec: { replicas: 2, httpSecret: secret },
      },
    };
    const events = [
      step("refresh", "registry", { detailedDiff: { "status.conditions": { diffKind: "update" } } }),
      step("same", "storage-volume"),
      step("update", "registry", { old, new: wanted, detailedDiff }),
      step("create", "stack-owner", { detailedDiff: null }),
      step("update", "export", { diffs: ["stdin"], detailedDiff: null }),
    ];
    const resources = resourceChanges(events as unknown as EngineEvent[]);
    assert.match(
      outline("Stack dev has drifted", run({ resources, changes: { update: 2, create: 1 } })),
      new RegExp(
        [
          "### Stack dev has drifted: update 2, create 1\n\n```text",
          "~ update registry \\(k:v1:Config\\)",
          '    metadata.annotations\\["image-registry/evicted"\\]: nothing → "emptyDir@7"',
          "    spec.httpSecret: \\[secret\\] → \\[secret\\]",
          "    spec.replicas: 1 → 2",
          "    spec.storage.emptyDir: {} → nothing",
          "\\+ create stack-owner \\(k:v1:Config\\)",
          "~ update export \\(k:v1:Config\\)",
          "    stdin",
          "```$",
        ].join("\n"),
      ),
    );
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

  it("are taken out where the engine shows the id of what once drew the http secret, and no other id is", () => {
    const drawn = `${"SbwZBk3/+aQ".repeat(8)}==`;
    assert.equal(
      redactor({})(`    [id=${drawn}]\n    [id=openshift-image-registry/image-registry-nfs-of-prod-eu]`),
      "    [id=***]\n    [id=openshift-image-registry/image-registry-nfs-of-prod-eu]",
    );
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

  it("are, of what a kubeconfig's command is given, the keys and tokens, and no plain words", () => {
    const exec = {
      command: "kubelogin",
      args: [
        "get-token",
        "--environment",
        "production",
        "--login",
        "serviceprincipal",
        "--client-secret",
        "hunter2hunter2",
      ],
      env: [
        { name: "AWS_PROFILE", value: "production" },
        { name: "AWS_SECRET_ACCESS_KEY", value: "an-access-key" },
        { name: "TOKEN_FILE", value: "/var/run/token" },
      ],
    };
    const inline = {
      args: [
        "--api-token=inline-token",
        "--namespace=production",
        "production",
        "--token-name=of-a-token",
        "Zm9vYmFyMTIzNDU2Nzg5",
        "--use_application_default_credentials",
        "--cluster-name",
        "ProductionClusterEUWest1",
        "--token-cache=production",
      ],
      env: null,
    };
    const script = {
      args: ["-c", 'API_TOKEN=of-a-script get --cluster production --client-secret "after-an-option"'],
    };
    const provider = {
      "auth-provider": {
        name: "oidc-provider",
        config: { "id-token": "an-id-token", "client-id": "kubernetes" },
      },
    };
    const users = [
      { user: { exec } },
      { user: { exec: inline } },
      { user: { exec: script } },
      { user: { token: "beside-no-command", exec: null } },
      { user: null },
      { user: { ...provider, tokenFile: "/a/token-file", username: "production" } },
    ];
    const hidden = [
      "hunter2hunter2",
      "an-access-key",
      "inline-token",
      "Zm9vYmFyMTIzNDU2Nzg5",
      "an-id-token",
      "of-a-script",
      "after-an-option",
      "beside-no-command",
    ];
    const shown =
      "production kubelogin get-token serviceprincipal --environment --cluster-name ProductionClusterEUWest1 --client-secret /var/run/token of-a-token oidc-provider kubernetes /a/token-file";
    const clean = redactor({ KUBECONFIG_CONTENTS: JSON.stringify({ users }) });
    assert.equal(clean(`${hidden.join(" ")} ${shown}`), `${hidden.map(() => "***").join(" ")} ${shown}`);
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
