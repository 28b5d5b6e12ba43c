import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { UserError } from "../errors";
import type { ExecPlugin, KubeContext } from "./kubeconfig";

/** What a plugin gave: a token, or a client certificate (PEM). */
export interface ExecCredential {
  readonly token?: string;
  readonly clientCertificateData?: string;
  readonly clientKeyData?: string;
  readonly expirationTimestamp?: string;
}

const cache = new Map<string, ExecCredential>();

/**
 * What the context's plugin gives; asked again once that has expired, or when `refused` by the API server. It has `limit`
 * milliseconds: one that opens a browser or asks for a code has nobody to answer it.
 */
export async function execCredential(
  plugin: ExecPlugin,
  context: KubeContext,
  limit: number,
  refused: boolean,
): Promise<ExecCredential> {
  const key = JSON.stringify([plugin, context.cluster]);
  const known = cache.get(key);
  if (known && !refused && !hasExpired(known)) return known;
  const credential = credentialIn(plugin, await run(plugin, context, limit));
  cache.set(key, credential);
  return credential;
}

function hasExpired({ expirationTimestamp }: ExecCredential): boolean {
  return expirationTimestamp !== undefined && Date.parse(expirationTimestamp) <= Date.now();
}

function run(plugin: ExecPlugin, context: KubeContext, limit: number): Promise<string> {
  const added = Object.fromEntries((plugin.env ?? []).map(({ name, value }) => [name, value]));
  const info = JSON.stringify(execInfo(plugin, context));
  return new Promise((resolve, reject) => {
    // In a group of its own, so that what the plugin has started ends with it.
    const child = spawn(plugin.command, plugin.args ?? [], {
      env: { ...process.env, ...added, KUBERNETES_EXEC_INFO: info },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const output = { stdout: "", stderr: "" };
    const timer = setTimeout(() => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      child.stdout.destroy();
      child.stderr.destroy();
      reject(failure(plugin, `did not end within ${limit / 1000} s`, output.stderr));
    }, limit);
    child.stdout.on("data", (data: Buffer) => (output.stdout += data.toString()));
    child.stderr.on("data", (data: Buffer) => (output.stderr += data.toString()));
    child.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const reason = error.code === "ENOENT" ? "is not installed" : `cannot be started: ${error.message}`;
      reject(failure(plugin, reason, plugin.installHint ?? ""));
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(output.stdout);
      else reject(failure(plugin, `failed (${signal ?? `exit code ${code}`})`, output.stderr));
    });
  });
}

/** What KUBERNETES_EXEC_INFO tells a plugin; some refuse to run without it. */
function execInfo({ apiVersion, provideClusterInfo }: ExecPlugin, { cluster }: KubeContext): object {
  const authority = cluster["certificate-authority"];
  const info = {
    server: cluster.server,
    "tls-server-name": cluster["tls-server-name"],
    "insecure-skip-tls-verify": cluster["insecure-skip-tls-verify"],
    "certificate-authority-data":
      cluster["certificate-authority-data"] ??
      (provideClusterInfo && authority ? readFileSync(authority).toString("base64") : undefined),
    "proxy-url": cluster["proxy-url"],
    config: cluster.extensions?.find(({ name }) => name === "client.authentication.k8s.io/exec")?.extension,
  };
  const spec = { interactive: false, ...(provideClusterInfo && { cluster: info }) };
  return { apiVersion, kind: "ExecCredential", spec };
}

function credentialIn(plugin: ExecPlugin, output: string): ExecCredential {
  let answer: { apiVersion?: unknown; kind?: unknown; status?: ExecCredential };
  try {
    answer = JSON.parse(output) as typeof answer;
  } catch {
    throw failure(plugin, "gave no ExecCredential", "");
  }
  const { token, clientCertificateData, clientKeyData } = answer.status ?? {};
  if (answer.kind !== "ExecCredential" || answer.apiVersion !== plugin.apiVersion) {
    throw failure(
      plugin,
      `gave a ${String(answer.kind)} of ${String(answer.apiVersion)}, not of ${plugin.apiVersion}`,
      "",
    );
  }
  if (!token && !(clientCertificateData && clientKeyData)) {
    throw failure(plugin, "gave neither a token nor a certificate with its key", "");
  }
  return answer.status!;
}

function failure({ command }: ExecPlugin, what: string, said: string): UserError {
  return new UserError(
    `the kubeconfig's plugin "${command}" ${what}${said.trim() && `: ${said.trim().slice(-2000)}`}`,
  );
}
