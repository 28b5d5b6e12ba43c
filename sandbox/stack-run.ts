import * as path from "node:path";
import { secretKeys } from "../config/schema";
import type { ControlPlane } from "./control-plane";
import type { StackRun } from "./engine";
import { stackConfiguration } from "../stack/stack-file";

const encrypted = secretKeys.map((key) => `image-registry:${key}`);

/** The program of this project as a stack on the sandbox; its state lives and dies with the sandbox's cluster. */
export function stackRun(
  stack: string,
  controlPlane: Pick<ControlPlane, "kubeconfig" | "context" | "directory">,
  overlay: Record<string, unknown> = {},
): StackRun {
  const { kubeconfig, context, directory } = controlPlane;
  return {
    project: "image-registry",
    stack,
    program,
    config: stackConfiguration(stack, { kubeconfig, context, ...overlay }),
    secretKeys: encrypted,
    stateFile: path.join(directory, "cluster", `${stack}.state.json`),
  };
}

// Loaded when it is run: the sandbox's other commands need none of it.
async function program(): Promise<Record<string, unknown>> {
  const { default: run } = (await import("../index")) as unknown as {
    default: () => Promise<Record<string, unknown>>;
  };
  return run();
}
