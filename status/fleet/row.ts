import type { Room } from "../../kubernetes/volume-stats";
import type { Expiry } from "./expiry";
import type { HubRun } from "./hub";

/** How much a stack needs somebody: the page and the table begin with what needs care most. */
export const levels = ["down", "differs", "soon", "fine"] as const;
export type Level = (typeof levels)[number];

/** A stack among others. */
export interface Row {
  readonly stack: string;
  readonly level: Level;
  /** A few words: "serves", "does not answer", … */
  readonly verdict: string;
  /** Why it needs care, worst first. */
  readonly reasons: readonly string[];
  readonly context?: string;
  readonly platform?: string;
  /** Where images are kept now, as the cluster says. */
  readonly storage?: string;
  readonly replicas?: { readonly asked: number; readonly ready: number };
  readonly room?: Room;
  /** What an up would change. */
  readonly drift?: readonly string[];
  /** When the last up began (ISO 8601), where the Pulumi CLI or the hub tells. */
  readonly lastUp?: string;
  /** What the stack's user has that ends, soonest first. */
  readonly expiries: readonly Expiry[];
  /** What the Pulumi Kubernetes Operator ran for it. */
  readonly runs: readonly HubRun[];
  /** How long the cluster took to answer, in seconds. */
  readonly seconds: number;
}

/** Worst first, then by name. */
export function byCare(one: Row, other: Row): number {
  return (
    levels.indexOf(one.level) - levels.indexOf(other.level) ||
    one.stack.localeCompare(other.stack, "en", { numeric: true })
  );
}
