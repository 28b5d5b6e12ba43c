import type { EngineEvent } from "@pulumi/pulumi/automation";

import { type Message, messageOf } from "../../stack/events";

/** How many resources by what is done with them: create, update, replace, delete. Those left alone do not count. */
export type Changes = Readonly<Record<string, number>>;

/** What a run found, worst first, and what it changes. */
export function findingsIn(events: readonly EngineEvent[]): { findings: Message[]; changes: Changes } {
  const findings: Message[] = [];
  let changes: Changes = {};
  for (const { diagnosticEvent, policyEvent, summaryEvent } of events) {
    if (diagnosticEvent && !diagnosticEvent.ephemeral) add(messageOf(diagnosticEvent));
    if (policyEvent) {
      const severity = policyEvent.enforcementLevel === "mandatory" ? "error" : "warning";
      add({ severity, message: `policy ${policyEvent.policyName}: ${policyEvent.message}` });
    }
    if (summaryEvent) changes = withoutSame(summaryEvent.resourceChanges ?? {});
  }
  const order = ["error", "warning", "info"];
  findings.sort((one, other) => order.indexOf(one.severity) - order.indexOf(other.severity));
  return { findings, changes };

  function add(finding: Message | undefined): void {
    const isNew = !findings.some(({ message }) => message === finding?.message);
    if (finding && isNew) findings.push(finding);
  }
}

function withoutSame(counts: Record<string, number | undefined>): Changes {
  const changed = Object.entries(counts).filter(([operation, count]) => operation !== "same" && count);
  return Object.fromEntries(changed) as Changes;
}
