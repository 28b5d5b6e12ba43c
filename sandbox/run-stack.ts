import { UserError } from "../errors";
import type { ControlPlane } from "./control-plane";
import { EngineError, preview, up } from "./engine";
import { showRegistry } from "./show";
import { stackRun } from "./stack-run";

export async function runStack({
  stack,
  controlPlane,
}: {
  stack: string;
  controlPlane: ControlPlane;
}): Promise<void> {
  const connection = { kubeconfig: controlPlane.kubeconfig, context: controlPlane.context };
  const run = { ...stackRun(stack, controlPlane), log: (line: string) => console.log(line) };
  try {
    await preview(run);
    const r = await up(run);
    console.log(JSON.stringify(r.outputs, null, 1));
  } catch (error) {
    if (error instanceof EngineError) throw new UserError(error.message);
    throw error;
  }
  await showRegistry(connection, (line) => console.log(line));
}
