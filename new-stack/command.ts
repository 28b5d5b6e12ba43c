import { existsSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { stringify } from "yaml";

import { checkConfiguration } from "../config";
import { UserError } from "../errors";
import { readOptions } from "../stack/options";
import { fullKey } from "../stack/stack-file";
import type { Ask } from "./ask";
import { readNewCluster } from "./live";
import { shown } from "./proposals";
import { gather } from "./questions";

const usage = `npm run new-stack -- NAME --context CONTEXT [options]

asks for what no option says, each with what the live cluster suggests, and writes Pulumi.NAME.yaml

  --context CONTEXT   of the kubeconfig: the cluster
  --kubeconfig PATH   another kubeconfig than $KUBECONFIG; the stack's file does not name it
  --platform NAME     operator or standalone
  --backend NAME      nfs, pvc, emptyDir or s3
  --server HOST       of nfs        --claim NAME     of pvc
  --path PATH         of nfs        --bucket NAME    of s3
  --size QUANTITY     of nfs        --region NAME    of s3
  --replicas N
  --infra             on infra nodes, or --no-infra
  --preview           end with the preview, or --no-preview
  --help              print this`;

/** What the CLI is told, word by word. */
type PulumiCommand = readonly string[];

export interface NewStack {
  readonly stack: string;
  /** What is to be typed next. */
  readonly commands: readonly PulumiCommand[];
  /** Whether to end with the preview: asked for, not wanted, or not said. */
  readonly preview: boolean | undefined;
  /** Whether the preview can be run before something else is set. */
  readonly isReady: boolean;
}

/** Writes a stack's file into `folder`, never over one that is there; undefined when only the usage was asked for. */
export async function newStack(
  args: string[],
  folder: string,
  ask: Ask,
  say: (line: string) => void,
): Promise<NewStack | undefined> {
  const { values, positionals } = options(args);
  if (values.help) {
    say(usage);
    return undefined;
  }
  const [stack] = positionals;
  if (!stack || positionals.length > 1) throw new UserError(`the stack's NAME is missing\n\n${usage}`);
  const file = fileOf(stack, folder);
  const { context, kubeconfig = "", preview, ...given } = values;
  if (!context) throw new UserError(`--context is missing: a stack names its cluster\n\n${usage}`);
  const cluster = await readNewCluster({ context, kubeconfig });
  for (const line of shown(cluster)) say(line);
  const config: Record<string, unknown> = { context, ...(await gather(stack, given, cluster, ask)) };
  check(config, stack);
  write(file, config);
  const commands = followUp(stack, config.backend === "s3");
  say(`\nwrote ${path.basename(file)}; what follows:`);
  for (const words of commands) say(`  pulumi ${words.join(" ")}`);
  return { stack, commands, preview, isReady: config.backend !== "s3" };
}

function options(args: string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const texts = { context: text, kubeconfig: text, platform: text, backend: text, server: text, path: text };
  const more = { size: text, claim: text, bucket: text, region: text, replicas: text };
  const flags = { infra: flag, preview: flag, help: flag };
  const options = { ...texts, ...more, ...flags };
  return readOptions(usage, { args, allowPositionals: true, allowNegative: true, options });
}

function fileOf(stack: string, folder: string): string {
  if (!/^[\w.-]{1,100}$/.test(stack)) {
    throw new UserError(`"${stack}" cannot name a stack; use at most 100 letters, digits, "-", "_" and "."`);
  }
  const file = path.join(folder, `Pulumi.${stack}.yaml`);
  if (existsSync(file)) throw new UserError(`Pulumi.${stack}.yaml is there already; nothing was changed`);
  return file;
}

/** As the program will check it; the keys of a bucket are set once the stack can encrypt them. */
function check(config: Record<string, unknown>, stack: string): void {
  const keys = config.backend === "s3" ? { s3AccessKey: "[set later]", s3SecretKey: "[set later]" } : {};
  checkConfiguration({ ...config, ...keys }, stack);
}

function write(file: string, config: Record<string, unknown>): void {
  const entries = Object.entries(config).map(([key, value]) => [fullKey(key), value]);
  // wx: not even over a file that was made meanwhile.
  writeFileSync(file, stringify({ config: Object.fromEntries(entries) as object }, { lineWidth: 0 }), {
    flag: "wx",
  });
}

function followUp(stack: string, hasKeys: boolean): PulumiCommand[] {
  const secret = (key: string) => ["config", "set", "--stack", stack, "--secret", key];
  return [
    ["stack", "init", stack],
    ...(hasKeys ? [secret("s3AccessKey"), secret("s3SecretKey")] : []),
    ["preview", "--stack", stack, "--diff", "--policy-pack", "policy"],
    ["up", "--stack", stack, "--policy-pack", "policy"],
  ];
}
