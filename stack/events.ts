import { readFileSync } from "node:fs";
import * as path from "node:path";
import type { DiagnosticEvent, EngineEvent } from "@pulumi/pulumi/automation";

import { withTemporaryFolder } from "../temporary-folder";
import { type CliOptions, type CliRun, runCli } from "./cli";

export interface Message {
  readonly severity: "error" | "warning" | "info";
  readonly message: string;
}

export interface OperationRun extends CliRun {
  /** What the engine tells of it to programs. */
  readonly events: readonly EngineEvent[];
}

/** Runs an operation on a stack: preview, up, refresh, destroy. */
export async function runOperation(args: readonly string[], options: CliOptions): Promise<OperationRun> {
  // Without this variable the CLI does not know --event-log, which the Automation API uses as well.
  const environment = { ...(options.environment ?? process.env), PULUMI_DEBUG_COMMANDS: "true" };
  return withTemporaryFolder("pulumi-events", async (folder) => {
    const log = path.join(folder.path, "events.json");
    const run = await runCli([...args, "--event-log", log], { ...options, environment });
    return { ...run, events: eventsIn(log) };
  });
}

// One JSON document a line; no file where the CLI did not come so far.
function eventsIn(log: string): EngineEvent[] {
  try {
    const lines = readFileSync(log, "utf8").split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as EngineEvent);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

const severities: Partial<Record<string, Message["severity"]>> = {
  error: "error",
  warning: "warning",
  info: "info",
  "info#err": "info",
};

/** What the engine tells the user, without its marks for colors; undefined where that is nothing, or only for debugging. */
export function messageOf(event: DiagnosticEvent): Message | undefined {
  const severity = severities[event.severity];
  const message = event.message.replaceAll(/<\{%.*?%\}>/g, "").trim();
  // The engine ends a failed run with that line; what failed it stands above.
  if (!severity || message === "" || /^(preview|update|refresh|destroy) failed$/.test(message))
    return undefined;
  return { severity, message };
}
