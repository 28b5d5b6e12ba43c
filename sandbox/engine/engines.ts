import * as automation from "./automation";
import * as inProcess from "./index";
import type { RunResult, StackRun } from "./types";

/** Something that can put a stack on a cluster. */
export interface Engine {
  /** For people: `pulumi 3.265.0`. */
  name: string;
  preview(run: StackRun): Promise<RunResult>;
  up(run: StackRun): Promise<RunResult>;
  destroy(run: StackRun): Promise<RunResult>;
}

/** The real engine where there is one, its state in `directory`; else the one in this process. */
export async function chooseEngine(directory: string, projectDirectory: string): Promise<Engine> {
  const pulumiCommand = await automation.findPulumi();
  if (!pulumiCommand) {
    return { name: "no Pulumi CLI: the program runs in-process, on an engine of the sandbox", ...inProcess };
  }
  const settings = { pulumiCommand, directory, projectDirectory };
  return {
    name: `pulumi ${String(pulumiCommand.version)}`,
    preview: (run) => automation.preview(run, settings),
    up: (run) => automation.up(run, settings),
    destroy: (run) => automation.destroy(run, settings),
  };
}
