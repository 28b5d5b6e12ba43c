import { UserError } from "../errors";
import { ClusterClient } from "../kubernetes/client";
import type { ClusterConnection } from "../kubernetes/kubeconfig";
import type { Move } from "./image-move";
import { leftBehindFindings, readLeftBehind } from "./left-behind";
import { heldByAnother } from "./owning-stack";
import type { Findings } from "./finding";
import type { Drift } from "./observed";
import type { LiveRegistry, Platform, PlatformTypes } from "./platform";
import { driftText, findingText } from "./text";

/** A plan that the live cluster has been asked about, and found possible. */
export interface Checked<K extends PlatformTypes = PlatformTypes> {
  readonly platform: K["name"];
  readonly connection: ClusterConnection;
  readonly plan: K["plan"];
  readonly live: K["live"];
  readonly drift: readonly Drift[];
  readonly findings: Findings;
  /** Tells this cluster from all others, where a host is to know whose it is. */
  readonly clusterUid: string | undefined;
  /** What changes in what this stack set up itself, where its state is lost: to the engine, all of it is new. */
  readonly takenUp: () => Promise<readonly Drift[]>;
  /** Images that this run is to take along to another store. */
  readonly move?: Move | undefined;
}

/**
 * Reads the cluster and checks the plan against it. Everything that would break or lose something ends the run here,
 * in preview and in up, before any resource is made. `stack` is organization/project/stack.
 */
export async function checkOn<K extends PlatformTypes>(
  platform: Platform<K>,
  connection: ClusterConnection,
  plan: K["plan"],
  stack?: string,
): Promise<Checked<K>> {
  const client = new ClusterClient(connection);
  const live = await platform.read(client, plan);
  const left = stack === undefined ? [] : await readLeftBehind(client, stack, plan.namespace);
  const findings = findingsFor(stack, live, () =>
    joined(leftBehindFindings(left, platform.name), platform.preflight(live, plan)),
  );
  assertPossible(findings);
  const drift = await platform.drift(client, live, plan);
  assertPossible({ errors: platform.lostByDrift?.(live, plan, drift) ?? [] });
  const clusterUid = plan.backend.needs?.exportHost && (await readClusterUid(client));
  const move = platform.move(live, plan);
  const takenUp = async () => {
    // As of what a stack that is gone has left: the name on the cluster is the only thing that is different.
    const left = await platform.drift(client, { ...live, owningStack: undefined }, plan);
    const told = new Set(drift.map(driftText));
    return left.filter((change) => change.remedy === "change" && !told.has(driftText(change)));
  };
  return { platform: platform.name, connection, plan, live, drift, findings, clusterUid, takenUp, move };
}

/** The uid of the namespace that every cluster has once. */
async function readClusterUid(client: ClusterClient): Promise<string | undefined> {
  return (await client.get("v1", "Namespace", "kube-system"))?.metadata?.uid;
}

/** What the checks found, or that the registry is another stack's: all else would then be that stack's doing. */
export function findingsFor(
  stack: string | undefined,
  { owningStack }: Pick<LiveRegistry, "owningStack">,
  check: () => Findings,
): Findings {
  const held = stack === undefined ? undefined : heldByAnother(owningStack, stack);
  return held ? { errors: [held], warnings: [] } : check();
}

function joined({ errors, warnings }: Findings, more: Findings): Findings {
  return { ...more, errors: [...errors, ...more.errors], warnings: [...warnings, ...more.warnings] };
}

/** Throws all errors as one, so that a user mends them in one go. */
export function assertPossible({ errors }: Pick<Findings, "errors">): void {
  if (errors.length)
    throw new UserError(
      `nothing was changed:\n${errors.map((error) => `  - ${findingText(error)}`).join("\n")}`,
    );
}
