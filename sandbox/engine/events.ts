import type { DiagnosticEvent, EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation";
import { nameOf } from "./state";
import type { Diagnostic, RunResult, StackRun, Step } from "./types";

/** Adds to the result what the CLI tells of a step or of a message. */
export function take(event: EngineEvent, result: RunResult, log: StackRun["log"]): void {
  if (event.diagnosticEvent) takeDiagnostic(event.diagnosticEvent, result, log);
  const step = event.resourcePreEvent?.planning ? event.resourcePreEvent : event.resOutputsEvent;
  if (step && !(step.planning && event.resOutputsEvent)) takeStep(step.metadata, result, log);
}

const severities: Record<string, Diagnostic["severity"]> = {
  info: "info",
  "info#err": "info",
  warning: "warning",
  error: "error",
};

const ops: Record<string, Step["op"]> = {
  create: "create",
  update: "update",
  replace: "replace",
  delete: "delete",
  same: "same",
};

function takeStep(metadata: StepEventMetadata, result: RunResult, log: StackRun["log"]): void {
  const { urn, type, old, diffs = [], detailedDiff } = metadata;
  const op = metadata.op === "delete" && old?.retainOnDelete ? "retain" : ops[metadata.op];
  const name = nameOf(urn);
  const isDefaultProvider = type.startsWith("pulumi:providers:") && name.startsWith("default_");
  if (!op || isDefaultProvider) return;
  const diff = detailedDiff ? Object.keys(detailedDiff) : diffs;
  result.steps.push({ op, urn, type, name, diff });
  if (op !== "same") log?.(`${op} ${type} ${name}`);
}

function takeDiagnostic(event: DiagnosticEvent, result: RunResult, log: StackRun["log"]): void {
  const { urn, ephemeral } = event;
  const message = event.message.replaceAll(/<\{%.*?%\}>/g, "").trim();
  // The typings leave out debug.
  const severity = severities[event.severity];
  if (!severity || message === "" || /^(preview|update|destroy) failed$/.test(message)) return;
  result.diagnostics.push({ severity, message, ...(urn && { urn }), ...(ephemeral && { ephemeral }) });
  log?.(`${severity}: ${message}`);
}
