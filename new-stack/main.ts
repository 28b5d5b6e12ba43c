/** `npm run new-stack`: a cluster's stack, from a few questions. */
import { spawn } from "node:child_process";

import { installedPath } from "../config/installed-path";
import { projectDirectory } from "../config/stack-file";
import { UserError } from "../errors";
import { atTerminal, ofNobody } from "./ask";
import { type NewStack, newStack } from "./command";

const canAsk = process.stdin.isTTY && process.stdout.isTTY;

async function main(): Promise<number> {
  const ask = canAsk ? atTerminal : ofNobody;
  const made = await newStack(process.argv.slice(2), projectDirectory, ask, (line) => console.log(line));
  return made && (await wantsPreview(made)) ? preview(made) : 0;
}

async function wantsPreview({ preview, isReady }: NewStack): Promise<boolean> {
  if (!isReady || preview === false) return false;
  if ((await pulumi(["version"], "ignore")) !== 0) {
    if (preview) throw new UserError("--preview: there is no `pulumi` on PATH; install the Pulumi CLI first");
    return false;
  }
  if (preview !== undefined || !canAsk) return true;
  return atTerminal.confirm({
    flag: "--preview",
    message: "Make the stack, and preview it now?",
    proposal: true,
  });
}

async function preview({ stack, commands }: NewStack): Promise<number> {
  for (const command of commands.slice(0, 2)) {
    console.log(`\n${command}`);
    const args = command.split(" ").slice(1);
    // A stack that is there already, in a state that many share, is as good.
    if (args[1] === "init" && (await pulumi(["stack", "select", stack], "ignore")) === 0) continue;
    const code = await pulumi(args, "inherit");
    if (code !== 0) return code;
  }
  return 0;
}

function pulumi(args: string[], output: "ignore" | "inherit"): Promise<number> {
  const env = { ...process.env, PATH: installedPath(process.env) };
  const child = spawn("pulumi", args, { cwd: projectDirectory, env, stdio: ["inherit", output, output] });
  return new Promise((resolve) => {
    child.on("error", () => resolve(127));
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
