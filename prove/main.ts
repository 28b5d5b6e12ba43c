/** `npm run prove`: whether a stack's registry keeps what is pushed to it. Ends with 1 where that is not so, or not proved. */
import { parseArgs } from "node:util";

import { UserError } from "../errors";
import { configurationOf } from "../stack/configuration";
import { runCommand } from "../stack/run-command";
import { prove } from "./prove";
import { proofText } from "./text";

const usage = `npm run prove -- --stack NAME [options]

Pushes a small image to the stack's registry, reads it back, deletes one of the registry's pods, waits for another and
reads the image back again. A registry with one pod is away meanwhile.

  --stack NAME       the stack whose registry is to be tried
  --kubeconfig PATH  another kubeconfig than the stack's
  --context NAME     another context than the stack's
  --json             for programs: the same as JSON
  --help             print this

ends with 0 when the registry kept what was pushed, with 1 when it did not or could not be tried`;

async function main(): Promise<number> {
  const { stack, kubeconfig, context, json = false, help } = options();
  if (help) {
    console.log(usage);
    return 0;
  }
  if (stack === undefined) throw new UserError(`--stack is missing\n\n${usage}`);
  const configuration = await configurationOf(stack, { kubeconfig, context });
  const proof = await prove(configuration, (line) => console.error(`${line} …`));
  console.log(json ? JSON.stringify(proof, undefined, 2) : proofText(proof));
  return proof.keeps ? 0 : 1;
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

runCommand(main, 1);
