import { styleText } from "node:util";

import { isNearlyFull, type Room } from "../kubernetes/volume-stats";
import { conditionText, fullText } from "../platforms/text";
import type { ExportedDirectory } from "../backends/export";
import { type ClaimStatus, isWell, type PodStatus, roomOf, type ShownCondition, type Status } from "./status";

type Color = Parameters<typeof styleText>[0];

/** The status for people: the verdict first, then what it rests on. In colour where the output takes it. */
export function statusText(status: Status): string {
  const { replicas, storage, managementState, addresses, waitingFor, unwell } = status;
  return [
    headline(status),
    ...[...waitingFor, ...unwell, ...fullTexts(status)].map((line) => `  ${mark("yellow", "!")} ${line}`),
    "",
    row("storage", storage),
    ...claimRows(status.claim),
    ...exportRows(status.export),
    row("state", `${managementState}, ${replicas.ready} of ${replicas.asked} replicas ready`),
    row("reached at", addresses.join(", ")),
    ...list("pods", status.pods.map(podLine)),
    ...list("conditions", status.conditions.map(conditionLine)),
  ].join("\n");
}

function headline(status: Status): string {
  const { converged, managementState, context, platform } = status;
  const isAsAsked =
    managementState === "Managed"
      ? "serves what the stack asks for"
      : `${managementState}, as the stack asks`;
  const verdict = isWell(status)
    ? mark("green", `● ${isAsAsked}`)
    : mark("red", converged ? `● ${isAsAsked}, and needs care` : "● not what the stack asks for");
  return `${styleText("bold", `registry of ${context}`)} (${platform})  ${verdict}`;
}

function fullTexts(status: Status): string[] {
  const room = roomOf(status);
  return room && isNearlyFull(room) ? [fullText(room)] : [];
}

function claimRows(claim: ClaimStatus | undefined): string[] {
  if (!claim) return [];
  const { name, phase, volume, capacity, accessModes, reclaimPolicy, room } = claim;
  const shown = mark(phase === "Bound" ? "green" : "red", phase);
  const more = [
    volume && `volume ${volume}`,
    capacity,
    accessModes.join(", "),
    reclaimPolicy && mark("red", `reclaim policy ${reclaimPolicy}`),
    room && roomText(room),
  ].filter(Boolean);
  return [row("claim", [`${name} ${shown}`, ...more].join(", "))];
}

function exportRows(exported: ExportedDirectory | undefined): string[] {
  if (!exported) return [];
  const { server, path, host, problem } = exported;
  if (!host) return [row("export", `${server}:${path}, ${mark("yellow", problem ?? "")}`)];
  const clients = host.clients.length ? `to ${host.clients.join(", ")}` : mark("red", "not served");
  return [row("export", `${server}:${path} ${clients}, ${roomText(host)}`)];
}

function roomText({ free, size }: Room): string {
  return mark(isNearlyFull({ free, size }) ? "red" : "green", `${bytes(free)} of ${bytes(size)} free`);
}

function podLine({ name, phase, ready, node, restarts }: PodStatus): string {
  const state = mark(ready ? "green" : "red", ready ? phase : `${phase}, not ready`);
  return `${name}  ${state} on ${node ?? "no node"}${restarts ? `, ${restarts} restarts` : ""}`;
}

function conditionLine({ good, ...condition }: ShownCondition): string {
  return `${mark(good ? "green" : "yellow", good ? "✔" : "!")} ${conditionText(condition)}`;
}

function list(name: string, lines: string[]): string[] {
  return lines.length === 0 ? [] : [row(name, ""), ...lines.map((line) => `  ${line}`)];
}

function row(name: string, value: string): string {
  return `${mark("bold", name.padEnd(11))} ${value}`.trimEnd();
}

function mark(color: Color, text: string): string {
  return styleText(color, text);
}

function bytes(count: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  const power = count > 0 ? Math.min(Math.floor(Math.log2(count) / 10), units.length - 1) : 0;
  return `${(count / 1024 ** power).toFixed(power ? 1 : 0)} ${units[power]}`;
}
