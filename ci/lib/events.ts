import type { EngineEvent } from "@pulumi/pulumi/automation";

export interface Finding {
  readonly severity: "error" | "warning" | "info";
  readonly message: string;
}

/** How many resources by what is done with them: create, update, replace, delete. Those left alone do not count. */
export type Changes = Readonly<Record<string, number>>;

const severities: Partial<Record<string, Finding["severity"]>> = {
  error: "error",
  warning: "warning",
  info: "info",
  "info#err": "info",
};

/** What a run found, worst first, and what it changes; from the engine's log of events, one JSON document a line. */
export function findingsIn(log: string): { findings: Finding[]; changes: Changes } {
  const findings: Finding[] = [];
  let changes: Changes = {};
  for (const line of log.split("\n").filter((text) => text !== "")) {
    const { diagnosticEvent, policyEvent, summaryEvent } = JSON.parse(line) as EngineEvent;
    if (diagnosticEvent && !diagnosticEvent.ephemeral) {
      add(severities[diagnosticEvent.severity], diagnosticEvent.message);
    }
    if (policyEvent) {
      const severity = policyEvent.enforcementLevel === "mandatory" ? "error" : "warning";
      add(severity, `policy ${policyEvent.policyName}: ${policyEvent.message}`);
    }
    if (summaryEvent) changes = withoutSame(summaryEvent.resourceChanges ?? {});
  }
  const order = ["error", "warning", "info"];
  findings.sort((one, other) => order.indexOf(one.severity) - order.indexOf(other.severity));
  return { findings, changes };

  function add(severity: Finding["severity"] | undefined, text: string): void {
    const message = text.replaceAll(/<\{%.*?%\}>/g, "").trim(); // the engine's marks for colors
    const known = findings.some((finding) => finding.message === message);
    // The engine ends a failed run with that line; what failed it stands above.
    if (severity && message !== "" && !known && !/^(preview|update) failed$/.test(message)) {
      findings.push({ severity, message });
    }
  }
}

function withoutSame(counts: Record<string, number | undefined>): Changes {
  const changed = Object.entries(counts).filter(([operation, count]) => operation !== "same" && count);
  return Object.fromEntries(changed) as Changes;
}
