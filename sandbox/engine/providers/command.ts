import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type SshConnection, sshCommandLine } from "../../../hosts";
import type { Provider, StepContext } from "../provider";
import { changedKeys, type PropertyMap } from "../values";

interface Process {
  argv: string[];
  env?: Record<string, string>;
  cwd?: string;
}

const runners: Record<
  string,
  (context: StepContext, script: string, inputs: PropertyMap) => Promise<PropertyMap>
> = {
  "command:local:Command": (context, script, inputs) => {
    const interpreter = (inputs.interpreter as string[] | undefined) ?? ["/bin/sh", "-c"];
    const environment = inputs.environment as Record<string, string> | undefined;
    const started: Process = { argv: [...interpreter, script], env: { ...environment } };
    if (typeof inputs.dir === "string") started.cwd = inputs.dir;
    return execute(context, started, script, inputs);
  },
  "command:remote:Command": async (context, script, inputs) => {
    const connection = inputs.connection as SshConnection;
    const keys = mkdtempSync(join(tmpdir(), "ssh-"));
    try {
      return await execute(context, { argv: sshCommandLine(connection, keys, script) }, script, inputs);
    } finally {
      rmSync(keys, { recursive: true });
    }
  },
};

async function execute(
  context: StepContext,
  { argv, env, cwd }: Process,
  script: string,
  inputs: PropertyMap,
) {
  const [program = "", ...args] = argv;
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env } });
  const texts = { stdout: "", stderr: "", both: "" };
  const listen = (name: "stdout" | "stderr"): void => {
    const logged = ((inputs.logging as string | undefined) ?? "stdoutAndStderr").toLowerCase().includes(name);
    child[name].setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text;
      texts.both += text;
      if (logged) for (const line of text.trimEnd().split("\n")) context.log("info", line, true);
    });
  };
  listen("stdout");
  listen("stderr");
  // A script that does not read its standard input is not an error.
  child.stdin.on("error", () => undefined).end((inputs.stdin as string | undefined) ?? "");
  const status = await new Promise<number | string>((resolve, reject) => {
    child.on("error", reject).on("close", (code, signal) => resolve(code ?? signal ?? "unknown"));
  });
  // The real provider prints the whole command and its output too.
  if (status !== 0)
    throw new Error(`exit status ${status}: running ${JSON.stringify(script)}:\n${texts.both.trimEnd()}`);
  const chomp = (text: string): string => text.replace(/\n$/, "");
  return { stdout: chomp(texts.stdout), stderr: chomp(texts.stderr) };
}

const limits: Record<string, string[]> = {
  "command:local:Command": [
    "create",
    "update",
    "delete",
    "stdin",
    "triggers",
    "logging",
    "interpreter",
    "dir",
    "environment",
  ],
  "command:remote:Command": ["create", "update", "delete", "stdin", "triggers", "logging", "connection"],
};

function run(context: StepContext, script: unknown, inputs: PropertyMap): Promise<PropertyMap> | undefined {
  return typeof script === "string" ? runners[context.type]?.(context, script, inputs) : undefined;
}

/** Commands run where the program says; a remote one only on a host whose key it names. */
export const command: Provider = {
  check({ type }, inputs) {
    const known = [...(limits[type] ?? []), "addPreviousOutputInEnv"];
    const strange = Object.keys(inputs).find((key) => !known.includes(key));
    if (!(type in runners) || strange !== undefined) {
      throw new Error(
        `the sandbox's engine does not know ${type}${strange === undefined ? "" : ` with ${strange}`}`,
      );
    }
    const connection = inputs.connection as SshConnection | undefined;
    if (connection && !(connection.hostKey && connection.privateKey)) {
      throw new Error("the sandbox's engine connects only with connection.hostKey and connection.privateKey");
    }
    return inputs;
  },
  diff(_, old, inputs) {
    const changes = changedKeys(old.inputs, inputs);
    return { changes, replaces: changes.filter((key) => key === "triggers"), deleteBeforeReplace: false };
  },
  async create(context, inputs) {
    // The real provider gives an id in a preview too: an apply on it runs.
    const id = `${context.name}${randomBytes(4).toString("hex")}`;
    if (context.preview) return { id, outputs: inputs };
    return { id, outputs: { ...inputs, ...(await run(context, inputs.create, inputs)) } };
  },
  async update(context, { outputs }, inputs) {
    if (context.preview) return inputs;
    const { stdout, stderr } = outputs;
    const printed = await run(context, inputs.update ?? inputs.create, inputs);
    return { ...inputs, ...(printed ?? { stdout, stderr }) };
  },
  async delete(context, old) {
    await run(context, old.inputs.delete, old.inputs);
  },
};
