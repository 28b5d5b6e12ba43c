import { isDeepStrictEqual } from "node:util";
import type { KubernetesObject } from "@kubernetes/client-node";
import type { Finding } from "../../backends/backend";
import { storageInUse } from "../../backends/stores";
import type { Findings } from "../finding";
import type { Drift, Trouble } from "../observed";
import { nodeFindings } from "../node-findings";
import { ailments, imageLoss, type KeptImages, reclaimWarnings, unfollowedRedirect } from "../preflight";
import { podTroubles } from "../rollout";
import { takeUpProblems } from "../store-drift";
import { conditionsOf, isGood, unfinished } from "./convergence";
import type { LiveStandalone } from "./live";
import type { StandalonePlan } from "./plan";
import { htpasswdKey, managedBy, standaloneName } from "./registry";
import { deploymentSpec, podToPlace, revisionOf } from "./workload";

export function preflight(live: LiveStandalone, plan: StandalonePlan): Findings {
  const kept = keptImages(live, plan);
  const nodes = nodeFindings(live, podToPlace(plan, live), plan, {
    serves: serves(live, plan),
    keepsOld: plan.rolloutStrategy === "RollingUpdate" && kept.podChanges().length > 0,
  });
  const images = imageLoss(kept, plan);
  return {
    errors: [
      ...othersObjects(live, plan),
      ...takeUpProblems(live, plan),
      ...images.errors,
      ...(plan.backend.problems?.(live, plan) ?? []),
      ...tlsProblems(live, plan),
      ...userProblems(live, plan),
      ...nodes.errors,
    ],
    warnings: [
      ...(plan.backend.warnings?.(live, plan) ?? []),
      ...unfollowedRedirect(plan),
      ...nodes.warnings,
      ...reclaimWarnings(live, plan),
      ...images.warnings,
      ...ailments(live, []),
    ],
    notes: images.notes,
    trouble: troubleOf(live),
  };
}

function othersObjects(live: LiveStandalone, { namespace }: StandalonePlan): Finding[] {
  const { deployment, service, networkPolicy: networkpolicy, budget: poddisruptionbudget } = live;
  const theirs = (object: KubernetesObject | undefined) =>
    object && Object.entries(managedBy).some(([key, value]) => object.metadata?.labels?.[key] !== value);
  const objects = { deployment, service, networkpolicy, poddisruptionbudget };
  const found = Object.entries(objects).flatMap(([kind, object]) => (theirs(object) ? [kind] : []));
  return found.map((kind) => ({
    field: "standalone.namespace",
    message:
      `"${namespace}" has a ${kind} "${standaloneName}" that no such stack made; ` +
      `name another namespace, or delete that ${kind}`,
  }));
}

// Without pods there is no emptyDir; on a claim images stay whoever runs.
function keptImages(live: LiveStandalone, plan: StandalonePlan): KeptImages {
  const { deployment, holdsImages, volumeInUse } = live;
  const inUse = storageInUse(deployment);
  const isDown = (deployment?.spec?.replicas ?? 0) === 0;
  const stores = inUse && !(isDown && inUse.emptyDir) ? [inUse] : [];
  return { holdsImages, volumeInUse, isDown, stores, podChanges: () => podChanges(live, plan) };
}

/** The images of an emptyDir whose pod was changed by hand, and is changed back. */
export function lostByDrift(live: LiveStandalone, plan: StandalonePlan, drift: readonly Drift[]): Finding[] {
  const changes = drift.filter(
    ({ kind, field }) => kind === "Deployment" && field.startsWith("spec.template"),
  );
  const podChanges = () => changes.map(({ field }) => field);
  return [...imageLoss({ ...keptImages(live, plan), podChanges }, plan).errors];
}

function tlsProblems({ certificate }: LiveStandalone, plan: StandalonePlan): Finding[] {
  const { tlsSecret, namespace, managementState } = plan;
  if (tlsSecret === undefined || managementState !== "Managed" || certificate) return [];
  const message =
    `namespace ${namespace} has no Secret "${tlsSecret}" with tls.crt and tls.key; make it first: ` +
    `kubectl -n ${namespace} create secret tls ${tlsSecret} --cert=FILE --key=FILE`;
  return [{ field: "standalone.tlsSecret", message }];
}

function userProblems({ htpasswd }: LiveStandalone, plan: StandalonePlan): Finding[] {
  const { htpasswdSecret: name, namespace, managementState } = plan;
  if (name === undefined || managementState !== "Managed") return [];
  const field = "standalone.htpasswdSecret";
  const make = `htpasswd -cB users NAME; kubectl -n ${namespace} create secret generic ${name} --from-file=${htpasswdKey}=users`;
  if (htpasswd === undefined)
    return [
      {
        field,
        message: `namespace ${namespace} has no Secret "${name}" with ${htpasswdKey}; make it first: ${make}`,
      },
    ];
  const lines = htpasswd.split(/\r?\n/).filter((line) => line.trim() !== "" && !line.startsWith("#"));
  // The registry ignores the other ways in which htpasswd(1) hashes.
  if (lines.length > 0 && lines.every((line) => /^[^:]+:\$2[aby]\$/.test(line))) return [];
  const message = `Secret "${name}" has ${lines.length ? "a user whose password is not hashed with bcrypt" : "no users"}, and nobody would get in with it; ${make}`;
  return [{ field, message }];
}

function serves(live: LiveStandalone, plan: StandalonePlan): boolean {
  const { nodeSelector } = live.deployment?.spec?.template.spec ?? {};
  return (
    unfinished(live, plan).length === 0 && isDeepStrictEqual(nodeSelector ?? {}, plan.placement.nodeSelector)
  );
}

function podChanges(live: LiveStandalone, plan: StandalonePlan): string[] {
  const isSame = revisionOf(live.deployment?.spec) === revisionOf(deploymentSpec(plan, live));
  return isSame ? [] : ["what is asked of it now"];
}

function troubleOf(live: LiveStandalone): Trouble | undefined {
  const { deployment } = live;
  if (!deployment) return undefined;
  // What the plan changes is no trouble yet: the live registry is measured by what it was asked last.
  const replicas = deployment.spec?.replicas ?? 0;
  const lags = unfinished(live, {
    managementState: replicas === 0 ? "Removed" : "Managed",
    replicas,
    storage: storageInUse(deployment) ?? {},
  });
  if (lags.length === 0) return undefined;
  const conditions = conditionsOf(live).filter((condition) => !isGood(condition));
  return { lags, conditions, pods: podTroubles(live.pods) };
}
