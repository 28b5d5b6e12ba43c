import { checkConfiguration, valuesFrom } from "../config";
import { secretKeys } from "../config/schema";
import { UserError } from "../errors";
import { fullKey, projectName, stackConfiguration } from "../stack/stack-file";
import { readStatus } from "../status/status";
import { statusText } from "../status/text";
import type { ControlPlane } from "./control-plane";
import type { Stacks } from "./engine";

interface RunStackOptions {
  readonly stacks: Stacks;
  readonly stack: string;
  readonly controlPlane: ControlPlane;
  /** Configuration that only the sandbox can know, over what the stack's file says. */
  readonly overlay?: Record<string, unknown>;
  readonly signal: AbortSignal;
}

const keysOfSecrets = secretKeys.map(fullKey);

/** What a user does with a stack, preview and up, and then what a user looks at. */
export async function runStack({
  stacks,
  stack,
  controlPlane: { kubeconfig, context },
  signal,
  ...options
}: RunStackOptions): Promise<void> {
  const overlay = { kubeconfig, context, ...options.overlay };
  await stacks.configure({ stack, overlay, secretKeys: keysOfSecrets });
  const display = process.stdout.isTTY ? ["--color", "always"] : ["--color", "never", "--suppress-progress"];
  for (const [operation, ...flags] of [["preview"], ["up", "--yes", "--skip-preview"]]) {
    signal.throwIfAborted();
    console.log(`\n$ pulumi ${operation} --stack ${stack}\n`);
    const args = [operation!, ...flags, ...display];
    const { exitCode } = await stacks.operate(args, stack, { echo: (line) => console.log(line), signal });
    signal.throwIfAborted();
    if (exitCode !== 0) {
      throw new UserError(
        `stack "${stack}" failed; the sandbox's cluster is as the run left it (npm run sandbox -- stop ends it)`,
      );
    }
  }
  console.log(`\n$ npm run status -- --stack ${stack}\n`);
  const config = checkConfiguration(valuesFrom(stackConfiguration(stack, overlay), projectName), stack);
  console.log(statusText(await readStatus(config)));
}
