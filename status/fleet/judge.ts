import type { Configuration } from "../../config";
import { UserError } from "../../errors";
import { NoAnswer } from "../../kubernetes/client-error";
import { isNearlyFull } from "../../kubernetes/volume-stats";
import { fullText } from "../../platforms/text";
import { roomOf, type Status } from "../status";
import type { Expiry } from "./expiry";
import type { HubRun } from "./hub";
import type { Level, Row } from "./row";

const day = 24 * 60 * 60 * 1000;
/** A credential that ends within these days needs care: tokens are made for a month (access/kubeconfig.sh). */
const warnDays = 7;

type Found = Pick<Row, "stack" | "expiries" | "runs" | "seconds" | "lastUp">;

/** A stack whose cluster answered. */
export function judged(found: Found, asked: Configuration, status: Status, now: Date): Row {
  const { platform, context, storage, replicas, waitingFor, unwell, drift } = status;
  const room = roomOf(status);
  // Whatever the cluster says: a registry that somebody removed serves nothing either.
  const isDown = asked.managementState === "Managed" && replicas.ready === 0;
  const ending = endings(found.expiries, now);
  const soon = [...ending, ...(room && isNearlyFull(room) ? [fullText(room)] : [])];
  const failed = found.runs.filter(isFailure).map(runText);
  const level: Level = isDown
    ? "down"
    : waitingFor.length + unwell.length + failed.length > 0
      ? "differs"
      : soon.length > 0
        ? "soon"
        : "fine";
  return {
    ...found,
    level,
    verdict: verdictOf(status, isDown),
    reasons: [...waitingFor, ...unwell, ...failed, ...soon],
    platform,
    context,
    storage,
    replicas,
    drift,
    ...(room && { room: { free: room.free, size: room.size } }),
  };
}

/** A stack of which nothing could be read: a wrong configuration, no kubeconfig, no answer. */
export function rowOfUnread(found: Found & Pick<Row, "context">, error: Error, now: Date): Row {
  const ending = endings(found.expiries, now);
  const verdict = error instanceof NoAnswer ? "does not answer" : "cannot be told";
  const reason = error instanceof UserError ? error.message : `unexpected: ${error.message}`;
  const reasons = [reason, ...found.runs.filter(isFailure).map(runText), ...ending];
  return { ...found, level: "down", verdict, reasons };
}

function verdictOf({ converged, unwell, managementState, drift }: Status, isDown: boolean): string {
  if (isDown) return "serves nothing";
  if (converged && unwell.length > 0) return "is unwell";
  if (converged) return managementState === "Managed" ? "serves" : managementState;
  return drift.length > 0 ? "differs" : "is not done";
}

function endings(expiries: readonly Expiry[], now: Date): string[] {
  return expiries.flatMap(({ what, ends }) => {
    const left = (Date.parse(ends) - now.getTime()) / day;
    if (left > warnDays) return [];
    if (left <= 0) return `the ${what} of its user ended on ${ends.slice(0, 10)}`;
    return `the ${what} of its user ends in ${left < 1 ? "less than a day" : `${Math.floor(left)} days`}`;
  });
}

function isFailure({ state }: HubRun): boolean {
  return state === "failed" || state === "stalled";
}

// A preview on the hub is told to expect no changes: that it fails is how it says that there are some.
function runText({ mode, state, message }: HubRun): string {
  const what = mode === "preview" ? "the hub's preview found changes, or failed" : `the hub's up ${state}`;
  return message ? `${what}: ${message.trim().split("\n")[0]}` : what;
}
