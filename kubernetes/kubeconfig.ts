import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { load, YAMLException } from "js-yaml";
import { UserError } from "../errors";

/** Which cluster, and as whom. */
export interface ClusterConnection {
  /** Path of a kubeconfig file, or its contents. Empty: `$KUBECONFIG`, else `~/.kube/config`. */
  readonly kubeconfig: string;
  /** Name of the context in that kubeconfig. Always named, so that no run touches a cluster by accident. */
  readonly context: string;
}

/** Entries of a kubeconfig (client-go's clientcmd/api/v1), as far as they are heeded here. Paths are absolute. */
export interface KubeCluster {
  readonly server?: string;
  readonly "certificate-authority"?: string;
  readonly "certificate-authority-data"?: string;
  readonly "insecure-skip-tls-verify"?: boolean;
  readonly "tls-server-name"?: string;
  readonly "proxy-url"?: string;
  readonly extensions?: readonly { readonly name: string; readonly extension: unknown }[];
}

export interface KubeUser {
  readonly "client-certificate"?: string;
  readonly "client-certificate-data"?: string;
  readonly "client-key"?: string;
  readonly "client-key-data"?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly as?: string;
  readonly exec?: ExecPlugin;
  readonly "auth-provider"?: { readonly name: string; readonly config?: Record<string, string> };
}

/** A program that gives credentials (client.authentication.k8s.io). */
export interface ExecPlugin {
  readonly apiVersion: string;
  readonly command: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
  readonly installHint?: string;
  readonly provideClusterInfo?: boolean;
  readonly interactiveMode?: "Never" | "IfAvailable" | "Always";
}

/** What a context of a kubeconfig leads to. */
export interface KubeContext {
  readonly cluster: KubeCluster & { readonly server: string };
  readonly user: KubeUser;
}

interface Kubeconfig {
  clusters?: { name: string; cluster?: KubeCluster }[] | null;
  users?: { name: string; user?: KubeUser }[] | null;
  contexts?: { name: string; context?: { cluster?: string; user?: string } }[] | null;
}

/** A kubeconfig is given by path or by contents; only contents have more than one line or start a document. */
export function isKubeconfigContents(kubeconfig: unknown): boolean {
  return typeof kubeconfig === "string" && /\n|^\s*[{]|^apiVersion:/.test(kubeconfig);
}

/** The connection's context in the kubeconfig; what is missing in it is an error that says what is there. */
export function loadKubeconfig({ kubeconfig, context: name }: ClusterConnection): KubeContext {
  const files = read(kubeconfig);
  const source = describe(kubeconfig);
  // As oc does: of entries with one name, the first in the list of files counts.
  const contexts = files.flatMap(({ contexts }) => contexts ?? []);
  const context = contexts.find((entry) => entry.name === name)?.context;
  if (!context) {
    const names = contexts.map((entry) => `"${entry.name}"`);
    throw new UserError(
      `context: "${name}" is not in ${source}; it has ${names.join(", ") || "no context at all"}`,
    );
  }
  const clusters = files.flatMap(({ clusters }) => clusters ?? []);
  const cluster = clusters.find((entry) => entry.name === context.cluster)?.cluster;
  if (cluster?.server === undefined) {
    throw new UserError(`context: "${name}" in ${source} names a cluster that the file does not describe`);
  }
  const users = files.flatMap(({ users }) => users ?? []);
  const user = users.find((entry) => entry.name === context.user)?.user ?? {};
  return { cluster: { ...cluster, server: cluster.server }, user };
}

function read(kubeconfig: string): Kubeconfig[] {
  if (isKubeconfigContents(kubeconfig)) return [parsed(kubeconfig, "kubeconfig")];
  return filesOf(kubeconfig).map((file) => {
    const source = kubeconfig === "" ? `"${file}"` : describe(kubeconfig);
    let text: string;
    try {
      text = fs.readFileSync(file, "utf8");
    } catch (error) {
      throw new UserError(`kubeconfig: ${source} cannot be read: ${(error as Error).message}`);
    }
    return withAbsolutePaths(parsed(text, source), path.dirname(path.resolve(file)));
  });
}

function filesOf(kubeconfig: string): string[] {
  if (kubeconfig !== "") {
    const file = expanded(kubeconfig);
    if (fs.existsSync(file)) return [file];
    throw new UserError(
      `kubeconfig: "${kubeconfig}" does not exist; give the path of a kubeconfig file, or its contents as a secret`,
    );
  }
  const listed = (process.env["KUBECONFIG"] ?? "").split(path.delimiter).filter((file) => file !== "");
  const files = listed.length > 0 ? listed : [expanded("~/.kube/config")];
  const existing = files.filter((file) => fs.existsSync(file));
  if (existing.length > 0) return existing;
  throw new UserError(
    `kubeconfig: none is configured, and ${files.join(", ")} does not exist; log in, or set kubeconfig`,
  );
}

function parsed(text: string, source: string): Kubeconfig {
  let contents: unknown;
  try {
    contents = load(text);
  } catch (error) {
    // The YAML parser's message quotes the lines around a mistake, tokens too.
    const reason = error instanceof YAMLException ? error.reason : "it is no YAML";
    throw new UserError(`kubeconfig: ${source} cannot be read: ${reason}`);
  }
  if (typeof contents !== "object" || contents === null) {
    throw new UserError(`kubeconfig: ${source} cannot be read: it is no kubeconfig`);
  }
  return contents;
}

/** Paths in a kubeconfig are relative to its folder; so is a plugin's command, when it is more than a name. */
function withAbsolutePaths(config: Kubeconfig, folder: string): Kubeconfig {
  const absolute = <T extends object>(entry: T, ...keys: (keyof T)[]): T => {
    const paths = keys.filter((key) => typeof entry[key] === "string" && entry[key] !== "");
    return {
      ...entry,
      ...Object.fromEntries(paths.map((key) => [key, path.resolve(folder, entry[key] as string)])),
    };
  };
  return {
    ...config,
    clusters: config.clusters?.map(({ name, cluster = {} }) => ({
      name,
      cluster: absolute(cluster, "certificate-authority"),
    })),
    users: config.users?.map(({ name, user }) => {
      const { exec, ...rest } = user ?? {};
      const plugin = exec?.command?.includes(path.sep) ? absolute(exec, "command") : exec;
      const files = absolute<KubeUser>(rest, "client-certificate", "client-key", "tokenFile");
      return { name, user: { ...files, ...(plugin && { exec: plugin }) } };
    }),
  };
}

function describe(kubeconfig: string): string {
  if (kubeconfig === "") return "the default kubeconfig";
  return isKubeconfigContents(kubeconfig) ? "kubeconfig" : `kubeconfig "${kubeconfig}"`;
}

function expanded(file: string): string {
  return file.replace(/^~(?=\/)/, os.homedir());
}
