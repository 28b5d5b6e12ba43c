/** `npm run status`: how a stack's registry is doing, or that of many. Ends with 1 when it is not what the stack asks for. */
import { UserError } from "../errors";
import { configurationOf } from "../stack/configuration";
import { readOptions } from "../stack/options";
import { runCommand } from "../stack/run-command";
import { fleetStatus } from "./fleet/command";
import { printable } from "./printable";
import { isWell, readStatus } from "./status";
import { statusText } from "./text";

const usage = `npm run status -- --stack NAME [options]
npm run status -- --all [options] [STACK…]

  --stack NAME       the stack whose registry to look at
  --all              every Pulumi.NAME.yaml, or the stacks that are named, side by side
  --html FILE        with --all: write a page, too
  --hub FILE         with --all: kubeconfig of the hub, to show what its operator ran (docs/many-clusters.md)
  --at-once N        with --all: how many stacks are read at a time (default: 8)
  --kubeconfig PATH  another kubeconfig than the stack's
  --context NAME     with --stack: another context than the stack's
  --json             for programs: the same as JSON
  --help             print this

ends with 0 when the registry serves what the stack asks for and is well, with 1 when it does not, is degraded, its pruner
failed or its store is nearly full, with 2 when it cannot be told;
with --all, with 1 when any does not or cannot be told, or the hub does not answer`;

async function main(): Promise<number> {
  const { values, positionals } = options();
  const { stack, all, kubeconfig, context, json = false, html, hub, help } = values;
  if (help) {
    console.log(usage);
    return 0;
  }
  const overlay = { kubeconfig, context };
  const misplaced = all ? ["stack", "context"] : ["html", "hub", "at-once"];
  const wrong = misplaced.find((option) => option in values);
  if (wrong) throw new UserError(`--${wrong} does not go ${all ? "with" : "without"} --all\n\n${usage}`);
  if (all) {
    const atOnce = atOnceOf(values["at-once"] ?? "8");
    return fleetStatus({ stacks: positionals, atOnce, overlay, json, html, hub });
  }
  if (stack === undefined || positionals.length)
    throw new UserError(`--stack or --all is missing\n\n${usage}`);
  const status = await readStatus(await configurationOf(stack, overlay));
  console.log(json ? JSON.stringify(status, undefined, 2) : statusText(printable(status)));
  return isWell(status) ? 0 : 1;
}

function atOnceOf(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new UserError(`--at-once "${text}": must be a number from 1 to 999`);
}

function options() {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const one = { stack: text, kubeconfig: text, context: text, json: flag, help: flag };
  const many = { all: flag, html: text, hub: text, "at-once": text };
  return readOptions(usage, { allowPositionals: true, options: { ...one, ...many } });
}

runCommand(main, 2);
