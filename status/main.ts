/** `npm run status`: how a stack's registry is doing. Ends with 1 when it is not what the stack asks for. */
import { parseArgs } from "node:util";

import { UserError } from "../errors";
import { configurationOf } from "./configuration";
import { readStatus } from "./status";
import { statusText } from "./text";

const usage = `npm run status -- --stack NAME [options]

  --stack NAME       the stack whose registry to look at
  --kubeconfig PATH  another kubeconfig than the stack's
  --context NAME     another context than the stack's
  --json             for programs: the same as JSON
  --help             print this

ends with 0 when the registry serves what the stack asks for, with 1 when it does not, with 2 when it cannot be told`;

async function main(): Promise<number> {
  const { stack, kubeconfig, context, json, help } = options();
  if (help) {
    console.log(usage);
    return 0;
  }
  if (stack === undefined) throw new UserError(`--stack is missing\n\n${usage}`);
  const status = await readStatus(await configurationOf(stack, { kubeconfig, context }));
  console.log(json ? JSON.stringify(status, undefined, 2) : statusText(status));
  return status.converged ? 0 : 1;
}

function options() {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    const known = { stack: text, kubeconfig: text, context: text, json: flag, help: flag };
    return parseArgs({ options: known }).values;
  } catch (error) {
    throw new UserError(`${(error as Error).message}\n\n${usage}`);
  }
}

void main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error instanceof UserError ? `error: ${error.message}` : error);
    process.exitCode = 2;
  },
);
