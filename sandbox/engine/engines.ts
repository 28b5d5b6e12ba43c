import type { PulumiCommand } from "@pulumi/pulumi/automation";
import * as automation from "./automation";
import { findPulumi } from "./cli";
import * as inProcess from "./index";
import type { RunResult, StackRun } from "./types";

/** Something that can put a stack on a cluster. */
export interface Engine {
  /** For people: `pulumi 3.265.0`. */
  name: string;
  preview(run: StackRun): Promise<RunResult>;
  up(run: StackRun): Promise<RunResult>;
  destroy(run: StackRun): Promise<RunResult>;
  /** What only the CLI can do. */
  cli?: {
    expectNoChanges(run: StackRun): Promise<RunResult>;
    refresh(run: StackRun): Promise<RunResult>;
    exported(run: StackRun): Promise<string>;
  };
}

export const inProcessEngine: Engine = {
  name: "no Pulumi CLI: the program runs in-process, on an engine of the sandbox",
  ...inProcess,
};

/** Pulumi's own engine, its state in `directory`. */
export function realEngine(
  pulumiCommand: PulumiCommand,
  directory: string,
  projectDirectory: string,
): Engine {
  const settings = { pulumiCommand, directory, projectDirectory };
  return {
    name: `pulumi ${String(pulumiCommand.version)}`,
    preview: (run) => automation.preview(run, settings),
    up: (run) => automation.up(run, settings),
    destroy: (run) => automation.destroy(run, settings),
    cli: {
      expectNoChanges: (run) => automation.expectNoChanges(run, settings),
      refresh: (run) => automation.refresh(run, settings),
      exported: (run) => automation.exported(run, settings),
    },
  };
}

/** The real engine where there is one, else the one in this process. */
export async function chooseEngine(directory: string, projectDirectory: string): Promise<Engine> {
  const pulumiCommand = await findPulumi();
  return pulumiCommand ? realEngine(pulumiCommand, directory, projectDirectory) : inProcessEngine;
}
