import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { buildSync } from "esbuild";

import { quote } from "../../hosts/quote";
import { runCli } from "../../stack/cli";
import type { BuildOptions } from "../tools/build";
import { buildKubernetesProvider } from "./build";
import { type Cli, pulumiHome } from "./find";

const names = ["kubernetes", "random", "command"] as const;
type Name = (typeof names)[number];

/** The providers that the program needs, as far as Pulumi's download site does not give them. */
export interface Plugins {
  /** With the executables pulumi-resource-NAME: for the CLI's PATH, and nobody else's. */
  readonly folders: readonly string[];
  /** What is not the released one, for people: "random: a stand-in". */
  readonly notes: readonly string[];
}

/** Installs what can be; of the rest builds Kubernetes' and writes the stand-ins' executables into `directory`. */
export async function findPlugins(cli: Cli, directory: string, options: BuildOptions): Promise<Plugins> {
  const missing: Name[] = [];
  for (const name of names) if (!(await isInstalled(cli, name, options))) missing.push(name);
  const folders: string[] = [];
  const notes: string[] = [];
  for (const name of missing) {
    if (name === "kubernetes") {
      folders.push(await buildKubernetesProvider(versionOf(name), options));
      notes.push("the kubernetes provider is built from its Go module");
    } else {
      standIn(name, directory);
      notes.push(`the ${name} provider is a stand-in`);
    }
  }
  return {
    folders: missing.some((name) => name !== "kubernetes") ? [...folders, directory] : folders,
    notes,
  };
}

// The version of its SDK: that is what the program's registrations ask for.
function versionOf(name: Name): string {
  const file = readFileSync(require.resolve(`@pulumi/${name}/package.json`), "utf8");
  return (JSON.parse(file) as { version: string }).version;
}

async function isInstalled(
  { path: cli, origin }: Cli,
  name: Name,
  { log, signal }: BuildOptions,
): Promise<boolean> {
  const version = versionOf(name);
  const folder = path.join(pulumiHome(), "plugins", `resource-${name}-v${version}`);
  // The CLI marks with the second one what it has not yet unpacked as a whole.
  const isThere = existsSync(folder) && !existsSync(`${folder}.partial`);
  // A CLI is built only where its download site cannot be reached, and plugins come from there, too.
  if (isThere || origin === "built from its Go module") return isThere;
  log(`installing the ${name} provider ${version}`);
  const { exitCode, output } = await runCli(["plugin", "install", "resource", name, version], {
    cli,
    signal,
  });
  signal?.throwIfAborted();
  if (exitCode !== 0) log(`it cannot be installed: ${output.trim().split("\n").at(-1)}`);
  return exitCode === 0;
}

function standIn(name: Name, directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const bundle = path.join(directory, `${name}.cjs`); // .js would be what a package.json above says
  bundles[name] ??= bundled(path.join(__dirname, "providers", `${name}.ts`));
  writeFileSync(bundle, bundles[name]);
  const script = `#!/bin/sh\nexec ${[process.execPath, bundle].map(quote).join(" ")} "$@"\n`;
  writeFileSync(path.join(directory, `pulumi-resource-${name}`), script, { mode: 0o755 });
}

const bundles: Partial<Record<Name, string>> = {};

/** A stand-in as one file: the engine starts it for every operation, and half of that would be finding its modules. */
function bundled(entry: string): string {
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    bundle: true,
    platform: "node",
    write: false,
    logLevel: "silent",
  });
  return outputFiles[0]!.text;
}
