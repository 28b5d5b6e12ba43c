import { isDeepStrictEqual } from "node:util";
import type { KubernetesObject } from "@kubernetes/client-node";
import { storageInUse } from "../../backends/stores";
import type { Finding, Findings } from "../finding";
import type { Drift, Trouble } from "../observed";
import { pathText } from "../../kubernetes/field-path";
import { limitFindings } from "../limits";
import { nodeFindings } from "../node-findings";
import type { KeptImages } from "../kept-images";
import { ailments, imageLoss, reclaimWarnings, unfollowedRedirect } from "../preflight";
import { podTroubles } from "../rollout";
import { takeUpProblems } from "../store-drift";
import { conditionsOf, isGood, unfinished } from "./convergence";
import type { LiveStandalone } from "./live";
import type { StandalonePlan } from "./plan";
import { htpasswdKey, managedBy, standaloneName } from "./registry";
import { admitted, deploymentSpec, podToPlace, revisionOf } from "./workload";

export function preflight(live: LiveStandalone, plan: StandalonePlan): Findings {
  const kept = keptImages(live, plan);
  const rolling = {
    serves: serves(live, plan),
    keepsOld: plan.rolloutStrategy === "RollingUpdate" && kept.podChanges() !== undefined,
  };
  const nodes = nodeFindings(live, podToPlace(plan, live), plan, rolling);
  const images = imageLoss(kept, live, plan);
  return {
    errors: [
      ...othersObjects(live, plan),
      ...takeUpProblems(live, plan),
      ...images.errors,
      ...(plan.backend.problems?.(live, plan) ?? []),
      ...tlsProblems(live, plan),
      ...userProblems(live, plan),
      ...nodes.errors,
      ...limitFindings(live, admitted(plan, live), plan, rolling),
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
  const another = { kind: "object is another's", field: "standalone.namespace", namespace } as const;
  return found.map((object) => ({ ...another, object, name: standaloneName }));
}

// Without pods there is no emptyDir; on a claim images stay whoever runs.
export function keptImages(live: LiveStandalone, plan: StandalonePlan): KeptImages {
  const { deployment, holdsImages, volumeInUse } = live;
  const inUse = storageInUse(deployment);
  const isDown = (deployment?.spec?.replicas ?? 0) === 0;
  const stores = inUse && !(isDown && inUse.emptyDir) ? [inUse] : [];
  return { holdsImages, volumeInUse, isDown, stores, podChanges: () => podChanges(live, plan) };
}

/** The images of an emptyDir whose pod was changed by hand, and is changed back. */
export function lostByDrift(live: LiveStandalone, plan: StandalonePlan, drift: readonly Drift[]): Finding[] {
  const changes = drift.filter(
    ({ kind, path: [, section] }) => kind === "Deployment" && section === "template",
  );
  const podChanges = () =>
    changes.length ? changes.map(({ path }) => ({ field: pathText(path) })) : undefined;
  return [...imageLoss({ ...keptImages(live, plan), podChanges }, live, plan).errors];
}

function tlsProblems({ certificate }: LiveStandalone, plan: StandalonePlan): Finding[] {
  const { tlsSecret: name, namespace, managementState } = plan;
  if (name === undefined || managementState !== "Managed" || certificate) return [];
  const field = "standalone.tlsSecret";
  const object = { field, kind: "Secret", name, namespace, keys: ["tls.crt", "tls.key"] } as const;
  return [{ kind: "object is missing", field, platform: "standalone", object }];
}

function userProblems({ htpasswd }: LiveStandalone, plan: StandalonePlan): Finding[] {
  const { htpasswdSecret: secret, namespace, managementState } = plan;
  if (secret === undefined || managementState !== "Managed") return [];
  const about = { field: "standalone.htpasswdSecret", namespace, secret, key: htpasswdKey } as const;
  if (htpasswd === undefined) return [{ kind: "users are missing", ...about }];
  const lines = htpasswd.split(/\r?\n/).filter((line) => line.trim() !== "" && !line.startsWith("#"));
  if (lines.length === 0) return [{ kind: "nobody can log in", ...about }];
  // The registry ignores the other ways in which htpasswd(1) hashes.
  const isHashed = lines.every((line) => /^[^:]+:\$2[aby]\$/.test(line));
  return isHashed ? [] : [{ kind: "password is not bcrypt", ...about }];
}

function serves(live: LiveStandalone, plan: StandalonePlan): boolean {
  const { nodeSelector } = live.deployment?.spec?.template.spec ?? {};
  return (
    unfinished(live, plan).length === 0 && isDeepStrictEqual(nodeSelector ?? {}, plan.placement.nodeSelector)
  );
}

// Which field it is, the revision does not say.
function podChanges(live: LiveStandalone, plan: StandalonePlan): [] | undefined {
  return revisionOf(live.deployment?.spec) === revisionOf(deploymentSpec(plan, live)) ? undefined : [];
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
