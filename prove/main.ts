/** `npm run prove`: whether a stack's registry keeps what is pushed to it. Ends with 1 where that is not so, or not proved. */
import { text } from "node:stream/consumers";

import { UserError } from "../errors";
import { configurationOf } from "../stack/configuration";
import { readOptions } from "../stack/options";
import { runCommand } from "../stack/run-command";
import type { Login } from "./login";
import { prove } from "./prove";
import { proofText } from "./text";

const usage = `npm run prove -- --stack NAME [options]

Pushes a small image to the stack's registry, reads it back, deletes one of the registry's pods, waits for another and
reads the image back again. A registry with one pod is away meanwhile.

  --stack NAME       the stack whose registry is to be tried
  --kubeconfig PATH  another kubeconfig than the stack's
  --context NAME     another context than the stack's
  --username NAME    of the registry, where it asks for one (standalone.htpasswdSecret)
  --password-stdin   reads its password from standard input
  --json             for programs: the same as JSON
  --help             print this

ends with 0 when the registry kept what was pushed, with 1 when it did not or could not be tried`;

async function main(): Promise<number> {
  const { stack, kubeconfig, context, json = false, help, ...login } = options();
  if (help) {
    console.log(usage);
    return 0;
  }
  if (stack === undefined) throw new UserError(`--stack is missing\n\n${usage}`);
  const configuration = await configurationOf(stack, { kubeconfig, context });
  const progress = (line: string) => console.error(`${line} …`);
  const proof = await prove(configuration, progress, { login: await loginOf(login) });
  console.log(json ? JSON.stringify(proof, undefined, 2) : proofText(proof));
  return proof.keeps ? 0 : 1;
}

/** A password is no option: everybody on the machine could read it there. */
async function loginOf(given: Partial<Record<"username", string> & Record<"password-stdin", boolean>>) {
  const { username, "password-stdin": hasPassword = false } = given;
  if ((username !== undefined) !== hasPassword)
    throw new UserError(`--username and --password-stdin go together\n\n${usage}`);
  if (username === undefined) return undefined;
  return { username, password: (await text(process.stdin)).replace(/\r?\n$/, "") } satisfies Login;
}

function options() {
  const value = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const login = { username: value, "password-stdin": flag };
  const known = { stack: value, kubeconfig: value, context: value, ...login, json: flag, help: flag };
  return readOptions(usage, { options: known }).values;
}

runCommand(main, 1);
