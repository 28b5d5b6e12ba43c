/** `npm run new-stack`: a cluster's stack, from a few questions. */
import { spawn } from "node:child_process";

import { UserError } from "../errors";
import { projectDirectory } from "../project";
import { installedCli } from "../stack/cli";
import { atTerminal, ofNobody } from "./ask";
import { type NewStack, newStack } from "./command";

const canAsk = process.stdin.isTTY && process.stdout.isTTY;

async function main(): Promise<number> {
  const ask = canAsk ? atTerminal : ofNobody;
  const made = await newStack(process.argv.slice(2), projectDirectory, ask, (line) => console.log(line));
  const cli = installedCli();
  return made && cli && (await wantsPreview(made)) ? preview(made, cli) : 0;
}

async function wantsPreview({ preview, isReady }: NewStack): Promise<boolean> {
  if (!isReady || preview === false) return false;
  if (preview !== undefined || !canAsk) return true;
  return atTerminal.confirm({
    flag: "--preview",
    message: "Make the stack, and preview it now?",
    proposal: true,
  });
}

async function preview({ stack, commands }: NewStack, cli: string): Promise<number> {
  for (const args of commands.slice(0, 2)) {
    console.log(`\npulumi ${args.join(" ")}`);
    // A stack that is there already, in a state that many share, is as good.
    if (args[1] === "init" && (await run(cli, ["stack", "select", stack], "ignore")) === 0) continue;
    const code = await run(cli, args, "inherit");
    if (code !== 0) return code;
  }
  return 0;
}

/** With the terminal in the CLI's hands, which asks for a passphrase. */
function run(cli: string, args: readonly string[], output: "ignore" | "inherit"): Promise<number> {
  const child = spawn(cli, args, { cwd: projectDirectory, stdio: ["inherit", output, output] });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

void main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    const isPlain = error instanceof UserError || (error as Error).name === "ExitPromptError";
    console.error(isPlain ? `error: ${(error as Error).message}` : error);
    process.exitCode = 2;
  },
);
