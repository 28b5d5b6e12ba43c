import { ClusterClient, type ClusterConnection } from "../../kubernetes/client";
import { assertPreflight, findingsFor } from "../preflight";
import { appliedValue, driftOf } from "./drift";
import { type LiveStandalone, readStandalone } from "./live";
import type { StandalonePlan } from "./plan";
import { standalonePreflight } from "./preflight";
import { type DeploymentSpec, deploymentSpec, serviceSpec } from "./workload";

/** A plan that the live cluster has been asked about and found possible, and what it comes to there. */
export interface CheckedStandalone {
  readonly connection: ClusterConnection;
  readonly plan: StandalonePlan;
  readonly live: LiveStandalone;
  readonly deployment: Wanted<DeploymentSpec>;
  readonly service: Wanted<ReturnType<typeof serviceSpec>>;
  readonly warnings: readonly string[];
}

export interface Wanted<Spec> {
  readonly spec: Spec;
  /** See appliedAnnotation. */
  readonly applied: string;
  /** Whether somebody has changed the live object since this stack applied it. */
  readonly hasDrifted: boolean;
}

/**
 * Reads the cluster and checks the plan against it. Everything that would break or lose something ends the run here,
 * in preview and in up, before any resource is made.
 */
export async function checkStandalone(
  connection: ClusterConnection,
  plan: StandalonePlan,
  stack: string,
): Promise<CheckedStandalone> {
  const live = await readStandalone(connection, plan);
  const certificate = live.certificate?.data;
  const specs = {
    deployment: deploymentSpec(plan, live, certificate?.["tls.crt"]),
    service: serviceSpec(),
  };
  const findings = findingsFor(stack, live.owningStack, () =>
    standalonePreflight(live, plan, specs.deployment),
  );
  assertPreflight(findings);

  const client = new ClusterClient(connection);
  const drift = {
    deployment: await driftOf(client, live.deployment, specs.deployment),
    service: await driftOf(client, live.service, specs.service),
  };
  const wanted = <Kind extends "deployment" | "service">(kind: Kind) => ({
    spec: specs[kind],
    applied: appliedValue(live[kind], specs[kind], drift[kind]),
    hasDrifted: drift[kind].length > 0,
  });
  const putBack = (["deployment", "service"] as const).flatMap((kind) =>
    drift[kind].map((field) => `will put back the live ${kind}: ${field}`),
  );
  return {
    connection,
    plan,
    live,
    deployment: wanted("deployment"),
    service: wanted("service"),
    warnings: [...putBack, ...findings.warnings],
  };
}
