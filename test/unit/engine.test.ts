import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as command from "@pulumi/command";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { UserError } from "../../errors";
import { destroy, EngineError, preview, type RunResult, type StackRun, up } from "../../sandbox/engine";

describe("the in-process engine", () => {
  let directory: string;
  let journal: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "engine-"));
    journal = join(directory, "journal");
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function run(program: StackRun["program"], more: Partial<StackRun> = {}): StackRun {
    const stateFile = join(directory, "state.json");
    return { project: "p", stack: "s", program, config: {}, secretKeys: [], stateFile, ...more };
  }

  /** A command whose every run leaves a line in the journal. */
  function noted(
    name: string,
    opts: pulumi.CustomResourceOptions = {},
    input: pulumi.Input<string> = "",
  ): command.local.Command {
    const note = (what: string): string => `echo ${what} ${name} >> ${journal}`;
    const args = { create: note("create"), update: note("update"), delete: note("delete"), stdin: input };
    return new command.local.Command(name, args, opts);
  }

  function journalLines(): string[] {
    return existsSync(journal) ? readFileSync(journal, "utf8").trim().split("\n") : [];
  }

  function ops(result: RunResult): string[] {
    return result.steps.map(({ op, name }) => `${op} ${name}`);
  }

  async function failure(promise: Promise<unknown>): Promise<EngineError> {
    const error = await promise.then(
      () => assert.fail("the run did not fail"),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof EngineError, String(error));
    return error;
  }

  describe("steps", () => {
    it("previews creates without doing or writing anything", async () => {
      const result = await preview(
        run(() => {
          const id = new random.RandomId("id", { byteLength: 4 });
          return Promise.resolve({ hex: id.hex, given: noted("one").create });
        }),
      );
      assert.deepEqual(ops(result), ["create p-s", "create id", "create one"]);
      assert.equal(result.outputs.hex, "[unknown]");
      assert.match(String(result.outputs.given), /^echo create one/);
      assert.deepEqual(journalLines(), []);
      assert.deepEqual(existsSync(join(directory, "state.json")), false);
    });

    it("creates once, then says same, then updates what changed and names the property", async () => {
      let input = "first";
      const stack = run(() => Promise.resolve({ out: noted("one", {}, input).stdout }));
      assert.deepEqual(ops(await up(stack)), ["create p-s", "create one"]);
      assert.deepEqual(ops(await up(stack)), ["same p-s", "same one"]);
      input = "second";
      const planned = await preview(stack);
      const done = await up(stack);
      for (const result of [planned, done]) {
        assert.deepEqual(ops(result), ["same p-s", "update one"]);
        assert.deepEqual(result.steps[1]?.diff, ["stdin"]);
      }
      assert.deepEqual(journalLines(), ["create one", "update one"]);
    });

    it("replaces what cannot be changed, creating the new before deleting the old", async () => {
      let trigger = 1;
      const stack = run(async () => {
        const script = `echo ${trigger} >> ${journal}`;
        new command.local.Command("one", {
          create: script,
          delete: `echo gone >> ${journal}`,
          triggers: [trigger],
        });
        return Promise.resolve();
      });
      await up(stack);
      trigger = 2;
      assert.deepEqual(ops(await up(stack)), ["same p-s", "replace one"]);
      assert.deepEqual(journalLines(), ["1", "2", "gone"]);
      assert.deepEqual(ops(await up(stack)), ["same p-s", "same one"]);
    });

    it("deletes the old first when the program asks for it", async () => {
      let trigger = 1;
      const stack = run(async () => {
        const script = `echo ${trigger} >> ${journal}`;
        const args = { create: script, delete: `echo gone >> ${journal}`, triggers: [trigger] };
        new command.local.Command("one", args, { deleteBeforeReplace: true });
        return Promise.resolve();
      });
      await up(stack);
      trigger = 2;
      assert.deepEqual(ops(await up(stack)), ["same p-s", "replace one"]);
      assert.deepEqual(journalLines(), ["1", "gone", "2"]);
    });

    it("deletes what is no longer registered after everything else, dependents first", async () => {
      let old = true;
      const stack = run(async () => {
        if (old) noted("second", { dependsOn: noted("first") });
        else noted("new");
        return Promise.resolve();
      });
      await up(stack);
      old = false;
      assert.deepEqual(ops(await up(stack)), ["same p-s", "create new", "delete second", "delete first"]);
      assert.deepEqual(journalLines().slice(2), ["create new", "delete second", "delete first"]);
    });

    it("leaves a retained resource as it is and forgets it", async () => {
      let wanted = true;
      const stack = run(async () => {
        if (wanted) noted("kept", { retainOnDelete: true });
        return Promise.resolve();
      });
      await up(stack);
      wanted = false;
      assert.deepEqual(ops(await up(stack)), ["same p-s", "retain kept"]);
      assert.deepEqual(journalLines(), ["create kept"]);
      assert.deepEqual(ops(await up(stack)), ["same p-s"]);
    });

    it("refuses to delete a protected resource", async () => {
      await up(run(() => Promise.resolve({ it: noted("dear", { protect: true }).id })));
      const error = await failure(up(run(() => Promise.resolve())));
      assert.match(error.message, /Command::dear" cannot be deleted\nbecause it is protected/);
      assert.deepEqual(journalLines(), ["create dear"]);
    });

    it("leaves ignored changes alone", async () => {
      let input = "first";
      const stack = run(() => {
        const { stdin } = noted("one", { ignoreChanges: ["stdin"] }, input);
        return Promise.resolve({ stdin });
      });
      await up(stack);
      input = "second";
      const result = await up(stack);
      assert.deepEqual(ops(result), ["same p-s", "same one"]);
      assert.deepEqual(result.outputs, { stdin: "first" });
    });

    it("destroys all from the state alone, dependents first", async () => {
      const stack = run(() => Promise.resolve({ it: noted("second", { dependsOn: noted("first") }).id }));
      await up(stack);
      const result = await destroy({ ...stack, program: () => assert.fail("the program ran") });
      assert.deepEqual(ops(result), ["delete second", "delete first", "delete p-s"]);
      assert.deepEqual(journalLines().slice(2), ["delete second", "delete first"]);
    });

    it("names components, and their children's types with theirs", async () => {
      class Pair extends pulumi.ComponentResource {
        constructor(name: string) {
          super("p:index:Pair", name);
          noted("child", { parent: this });
          this.registerOutputs({});
        }
      }
      const stack = run(() => Promise.resolve({ urn: new Pair("pair").urn }));
      const { steps } = await up(stack);
      assert.deepEqual(steps[2]?.urn, "urn:pulumi:s::p::p:index:Pair$command:local:Command::child");
      assert.deepEqual(ops(await up(stack)), ["same p-s", "same pair", "same child"]);
    });
  });

  describe("failures", () => {
    it("keeps what was done before a step failed, and goes on from there", async () => {
      let script = "echo no such luck >&2; exit 3";
      const stack = run(async () => {
        const good = noted("good");
        new command.local.Command("bad", { create: script }, { dependsOn: good });
        return Promise.resolve();
      });
      const error = await failure(up(stack));
      assert.match(error.message, /^exit status 3: running .*\nno such luck/);
      assert.deepEqual(ops(error.result), ["create p-s", "create good"]);
      assert.deepEqual(
        error.result.diagnostics.filter(({ severity }) => severity === "error").map(({ urn }) => urn),
        ["urn:pulumi:s::p::command:local:Command::bad"],
      );
      script = "true";
      assert.deepEqual(ops(await up(stack)), ["same p-s", "same good", "create bad"]);
    });

    it("ends with the message of a program's error, and deletes nothing", async () => {
      await up(run(() => Promise.resolve({ it: noted("one").id })));
      const error = await failure(up(run(() => Promise.reject(new UserError("replicas: 2 is too many")))));
      assert.equal(error.message, "replicas: 2 is too many");
      assert.deepEqual(error.result.diagnostics, [{ severity: "error", message: "replicas: 2 is too many" }]);
      assert.deepEqual(journalLines(), ["create one"]);
    });

    it("ends after a failed step, whatever still waits for it", async () => {
      const error = await failure(
        up(
          run(() => {
            const broken = new command.local.Command("broken", { create: "exit 7" });
            const waiting = noted("waiting", {}, broken.stdout);
            return Promise.resolve({
              never: waiting.stdout.apply((text) => noted("later", {}, text).stdout),
            });
          }),
        ),
      );
      assert.match(error.message, /exit status 7/);
      assert.deepEqual(journalLines(), []);
    });

    it("waits for work attached to an output, and fails with its error", async () => {
      const seen: string[] = [];
      const stack = run(() => {
        noted("one").id.apply(async () => {
          await new Promise((resolve) => setTimeout(resolve, 50));
          seen.push("waited");
          throw new UserError("the registry never came up");
        });
        return Promise.resolve();
      });
      const error = await failure(up(stack));
      assert.deepEqual(seen, ["waited"]);
      assert.equal(error.message, "the registry never came up");
    });

    it("does not wait for the program once a step has failed, nor hear of its errors any more", async () => {
      let endless: (error: Error) => void = () => undefined;
      const stack = run(async () => {
        noted("one").id.apply(() => new Promise((_, reject) => (endless = reject)));
        new command.local.Command("bad", { create: "exit 3" }, { dependsOn: noted("two") });
        return Promise.resolve();
      });
      const error = await failure(up(stack));
      assert.match(error.message, /^exit status 3/);
      // Rejected now, it would reach the test runner as an unhandled rejection.
      endless(new Error("too late"));
      await new Promise(setImmediate);
    });

    it("names a type it has no provider for", async () => {
      class Bucket extends pulumi.CustomResource {}
      const error = await failure(
        preview(run(() => Promise.resolve({ it: new Bucket("aws:s3:Bucket", "b").id }))),
      );
      assert.match(error.message, /no provider for aws:s3:Bucket/);
    });

    it("refuses a cluster's resource without an explicit provider", async () => {
      const error = await failure(
        preview(run(() => Promise.resolve({ it: new kubernetes.core.v1.Namespace("n").id }))),
      );
      assert.match(
        error.message,
        /^Default provider for 'kubernetes' disabled\. .*must use an explicit provider/,
      );
    });

    it("refuses to look something up", async () => {
      const error = await failure(preview(run(() => pulumi.runtime.invoke("aws:index:getRegion", {}))));
      assert.match(error.message, /does not support the function aws:index:getRegion/);
    });
  });

  describe("hooks", () => {
    function withHook(
      opts: pulumi.ResourceHookOptions,
      callback: (args: pulumi.ResourceHookArgs) => void,
      input: () => string = () => "",
    ): StackRun {
      return run(async () => {
        const hook = new pulumi.ResourceHook("note", callback, opts);
        noted("one", { hooks: { beforeCreate: [hook], beforeUpdate: [hook] } }, input());
        return Promise.resolve();
      });
    }

    it("runs them for creates and updates and not for what is unchanged", async () => {
      let input = "first";
      const calls: pulumi.ResourceHookArgs[] = [];
      const stack = withHook(
        {},
        (args) => void calls.push(args),
        () => input,
      );
      await preview(stack);
      assert.equal(calls.length, 0, "in a preview");
      await up(stack);
      await up(stack);
      assert.equal(calls.length, 1);
      input = "second";
      await up(stack);
      const stdin = calls.map(({ id, newInputs, oldInputs }) => [
        id !== "",
        (newInputs as { stdin: string }).stdin,
        (oldInputs as { stdin: string } | undefined)?.stdin,
      ]);
      assert.deepEqual(stdin, [
        [false, "first", undefined],
        [true, "second", "first"],
      ]);
    });

    it("runs them in a preview when they say so, and fails it with their error", async () => {
      const refusing = withHook({ onDryRun: true }, () => {
        throw new Error("images would be lost");
      });
      const error = await failure(preview(refusing));
      assert.equal(error.message, 'Preview failed: before hook "note" failed: images would be lost');
    });

    it("does not take the step when a before hook fails", async () => {
      const refusing = withHook({}, () => {
        throw new Error("not now");
      });
      await failure(up(refusing));
      assert.deepEqual(journalLines(), []);
    });

    it("fails the run when an after hook fails, and keeps what was made", async () => {
      const stack = run(async () => {
        const hook = new pulumi.ResourceHook("look", () => {
          throw new Error("it does not serve");
        });
        noted("one", { hooks: { afterCreate: [hook] } });
        return Promise.resolve();
      });
      const error = await failure(up(stack));
      assert.equal(error.message, 'after hook "look" failed: it does not serve');
      assert.deepEqual(ops(await up(stack)), ["same p-s", "same one"]);
    });
  });

  describe("secrets", () => {
    it("keeps them for the next run, and out of sight", async () => {
      const values: string[] = [];
      const stack = run(() => {
        const bytes = new random.RandomBytes("key", { length: 16 });
        bytes.hex.apply((hex) => values.push(hex));
        return Promise.resolve({ hex: bytes.hex, length: bytes.length });
      });
      const first = await up(stack);
      const second = await up(stack);
      assert.deepEqual(ops(second), ["same p-s", "same key"]);
      assert.equal(values[0]?.length, 32);
      assert.equal(values[0], values[1]);
      assert.deepEqual(first.outputs, { hex: "[secret]", length: 16 });
      const state = readFileSync(join(directory, "state.json"), "utf8");
      assert.ok(!state.includes(values[0]), "the state has the secret in plain text");
      for (const file of ["state.json", "state.json.key"]) {
        assert.equal(statSync(join(directory, file)).mode & 0o077, 0, `${file} can be read by others`);
      }
    });

    it("reads secret configuration as secret", async () => {
      const program = (): Promise<Record<string, unknown>> =>
        Promise.resolve({
          password: new pulumi.Config().requireSecret("password"),
          n: new pulumi.Config().getNumber("n"),
        });
      const config = { "p:password": "hunter2", "p:n": "3" };
      const result = await up(run(program, { config, secretKeys: ["p:password"] }));
      assert.deepEqual(result.outputs, { password: "[secret]", n: 3 });
      assert.ok(!readFileSync(join(directory, "state.json"), "utf8").includes("hunter2"));
    });
  });

  it("collects what the program says, with the resource it says it of", async () => {
    const lines: string[] = [];
    const program = async (): Promise<void> => {
      const one = noted("one");
      await pulumi.log.warn("careful", one);
      await pulumi.log.info("waiting", undefined, undefined, true);
    };
    const result = await up(run(program, { log: (line) => lines.push(line) }));
    assert.deepEqual(result.diagnostics, [
      { severity: "warning", message: "careful", urn: "urn:pulumi:s::p::command:local:Command::one" },
      { severity: "info", message: "waiting", ephemeral: true },
    ]);
    assert.ok(lines.includes("warning: careful"), lines.join("\n"));
    assert.ok(lines.includes("create command:local:Command one"), lines.join("\n"));
  });
});
