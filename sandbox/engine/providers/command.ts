import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import released from "@pulumi/command/package.json";

import { type SshConnection, sshCommandLine, sshEnvironment } from "../../../hosts";
import { hasSecrets, type Properties, reveal, secret, serve, typeOf, unknownType } from "./serve";

/*
 * A stand-in for @pulumi/command's remote.Command, on the system's ssh. Whoever connects without a host key, or without
 * a private key of their own, is refused: the real one would send the script to anybody.
 */

const inputs = ["create", "update", "delete", "stdin", "triggers", "logging", "connection"];
const known = [...inputs, "addPreviousOutputInEnv"];
const outputs = ["stdout", "stderr"];

function refused(urn: string, news: Properties): Error | undefined {
  const strange = Object.keys(news).find((key) => !known.includes(key));
  if (typeOf(urn) !== "command:remote:Command" || strange !== undefined) return unknownType(urn, strange);
  const { hostKey, privateKey } = (reveal(news["connection"]) ?? {}) as Partial<SshConnection>;
  if (hostKey !== undefined && privateKey !== undefined) return undefined;
  return new Error("the sandbox's stand-in connects only with connection.hostKey and connection.privateKey");
}

/** Runs a script where the connection leads, and is what it printed; a failure shows script and output, all of it. */
async function run(script: unknown, properties: Properties): Promise<Properties> {
  const { connection, stdin = "", logging = "stdoutAndStderr" } = reveal(properties) as Properties;
  const keys = mkdtempSync(join(tmpdir(), "ssh-"));
  try {
    const [ssh = "", ...args] = sshCommandLine(connection as SshConnection, keys, String(script));
    const options = ["-o", `HostKeyAlgorithms=${offered(connection as SshConnection)}`];
    const env = { ...process.env, ...sshEnvironment(keys) };
    const child = spawn(ssh, [...options, ...args], { env });
    const texts = { stdout: "", stderr: "", both: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        texts[name] += text;
        texts.both += text;
        // The engine shows what its plugins print.
        if (String(logging).toLowerCase().includes(name)) console.log(text.trimEnd());
      });
    }
    child.stdin.on("error", () => undefined).end(String(stdin)); // a script need not read it
    const status = await new Promise<number | string>((resolve, reject) => {
      child.on("error", reject).on("close", (code, signal) => resolve(code ?? signal ?? "unknown"));
    });
    if (status === 255) throw new Error(notConnected(connection as SshConnection, texts.stderr));
    if (status !== 0)
      throw new Error(
        `Process exited with status ${status}: running ${JSON.stringify(script)}:\n${texts.both}`,
      );
    const conceal = (text: string) => (hasSecrets(properties) ? secret(text) : text);
    return {
      stdout: conceal(texts.stdout.replace(/\n$/, "")),
      stderr: conceal(texts.stderr.replace(/\n$/, "")),
    };
  } finally {
    rmSync(keys, { recursive: true });
  }
}

// The key's own type and nothing else. For ssh-rsa that is the signature with SHA-1, which OpenSSH gave up in 8.8.
function offered({ hostKey }: SshConnection): string {
  return hostKey.split(" ")[0] ?? "";
}

function notConnected(connection: SshConnection, stderr: string): string {
  const [, peer] = /no matching host key type found\. Their offer: (\S+)/.exec(stderr) ?? [];
  const reason =
    peer === undefined
      ? stderr.trim()
      : `no common algorithm for host key; we offered: [${offered(connection)}], peer offered: [${peer.replaceAll(",", " ")}]`;
  return `after ${connection.dialErrorLimit ?? 10} failed attempts: ssh: handshake failed: ssh: ${reason}`;
}

void serve(released, {
  check(urn, _, news: Properties) {
    const error = refused(urn, news);
    return error ? Promise.reject(error) : Promise.resolve({ inputs: news });
  },
  diff(_, _urn, olds: Properties, news: Properties) {
    const keys = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter(
      (key) => !outputs.includes(key),
    );
    const changed = keys.filter((key) => !isDeepStrictEqual(reveal(olds[key]), reveal(news[key])));
    return Promise.resolve({
      changes: changed.length > 0,
      replaces: changed.filter((key) => key === "triggers"),
    });
  },
  async create(urn, news: Properties) {
    const name = urn.split("::").at(-1) ?? "";
    const printed = news["create"] === undefined ? {} : await run(reveal(news["create"]), news);
    return { id: `${name}${randomBytes(4).toString("hex")}`, outs: { ...news, ...printed } };
  },
  async update(_, _urn, { stdout, stderr }: Properties, news: Properties) {
    const script = news["update"] ?? news["create"];
    const printed = script === undefined ? { stdout, stderr } : await run(reveal(script), news);
    return { outs: { ...news, ...printed } };
  },
  // The recorded script, with the recorded connection.
  async delete(_, _urn, recorded: Properties) {
    if (recorded["delete"] !== undefined) await run(reveal(recorded["delete"]), recorded);
  },
});
