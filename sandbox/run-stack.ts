import { checkConfiguration, valuesFrom } from "../config";
import { UserError } from "../errors";
import { readStatus } from "../status/status";
import { statusText } from "../status/text";
import type { ControlPlane } from "./control-plane";
import { EngineError } from "./engine";
import { display } from "./engine/display";
import type { Engine } from "./engine/engines";
import { stackRun } from "./stack-run";

interface RunStackOptions {
  readonly engine: Engine;
  readonly stack: string;
  readonly controlPlane: ControlPlane;
  /** Configuration that only the sandbox can know, over what the stack's file says. */
  readonly overlay?: Record<string, unknown>;
  readonly write: (line: string) => void;
}

/** What a user does with a stack, preview and up, and then what a user looks at. */
export async function runStack({
  engine,
  stack,
  controlPlane,
  overlay,
  write,
}: RunStackOptions): Promise<void> {
  const run = stackRun(stack, controlPlane, overlay);
  try {
    write(`\npulumi preview --stack ${stack}\n`);
    write(display(await engine.preview(run), true));
    write(`\npulumi up --stack ${stack}\n`);
    write(display(await engine.up({ ...run, log: write }), false));
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    write(display(error.result, false));
    throw new UserError(
      `stack "${stack}" failed; the sandbox's cluster is as the run left it (npm run sandbox -- stop ends it)`,
    );
  }
  const config = checkConfiguration(valuesFrom(run.config, run.project), stack);
  write(`\nnpm run status -- --stack ${stack}\n`);
  write(statusText(await readStatus(config)));
}
