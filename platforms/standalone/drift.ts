import { isDeepStrictEqual } from "node:util";
import type { KubernetesObject, V1Deployment, V1PodTemplateSpec } from "@kubernetes/client-node";
import type { ClusterClient } from "../../kubernetes/client";
import { standaloneManager } from "../../kubernetes/field-managers";
import type { FieldPath, PathStep } from "../../kubernetes/field-path";
import { appliedBy, othersAt } from "../../kubernetes/managed-fields";
import { firstChanges } from "../field-drift";
import type { Drift } from "../observed";
import { isNobodys } from "../owning-stack";
import { named } from "../store-drift";
import type { LiveStandalone } from "./live";
import { networkPolicySpec } from "./network-policy";
import type { StandalonePlan } from "./plan";
import { isOwnNamespace, namespaceLabels } from "./namespace";
import { budgetSpec, deploymentSpec, fingerprint, serviceSpec } from "./workload";

/** What is looked after on the cluster itself, where Pulumi sees nothing. */
export type StandaloneKind = "Deployment" | "Service" | "NetworkPolicy" | "PodDisruptionBudget";

type Live = KubernetesObject & { spec?: object };

export async function driftOf(
  client: ClusterClient,
  live: LiveStandalone,
  plan: StandalonePlan,
): Promise<Drift[]> {
  const state = { isLeft: isNobodys(live) };
  const policy = networkPolicySpec(live.allNodes, plan.allowFrom);
  return [
    ...(await changesIn(client, "Deployment", live.deployment, deploymentSpec(plan, live), state)),
    ...(await changesIn(client, "Service", live.service, serviceSpec(), state)),
    ...(await changesIn(client, "NetworkPolicy", live.networkPolicy, policy, state)),
    ...(await changesIn(client, "PodDisruptionBudget", live.budget, budgetSpec(), state)),
  ];
}

/** What is not as the stack asks because it asks for something else than when it was applied last. */
export async function unapplied(
  client: ClusterClient,
  live: LiveStandalone,
  plan: StandalonePlan,
): Promise<Drift[]> {
  const waits = { isUnapplied: true };
  return [
    ...(await changesIn(client, "Deployment", live.deployment, deploymentSpec(plan, live), waits)),
    ...(await changesIn(client, "Service", live.service, serviceSpec(), waits)),
  ];
}

/** What an up changes in a namespace that carries the stacks' label and was made by hand. */
export function namespaceChanges({ namespace }: Pick<LiveStandalone, "namespace">): Drift[] {
  if (!namespace || !isOwnNamespace({ namespace })) return [];
  const asked = { metadata: { labels: namespaceLabels } };
  return firstChanges(namespace, standaloneManager, asked, named("Namespace", namespace));
}

/**
 * Where the live object's spec differs from the one this stack applied last, or is yet to apply over somebody else's. Pulumi
 * compares inputs with inputs and sees none of it. The server itself is asked what the wanted spec would become, so that
 * its defaults are no difference; what it refuses ends the run.
 */
async function changesIn(
  client: ClusterClient,
  kind: StandaloneKind,
  live: Live | undefined,
  wanted: object,
  { isUnapplied = false, isLeft = false },
): Promise<Drift[]> {
  if (!live) return [];
  // Of what the configuration changes, the engine shows the difference itself.
  const isOurs = appliedBy(live, standaloneManager) && !isLeft;
  if ((isOurs && !isApplied(live, wanted)) !== isUnapplied) return [];
  // The server adds nothing to a budget, and would replace it only as it was at that moment.
  const restored =
    kind === "PodDisruptionBudget"
      ? wanted
      : await asTheServerHasIt(client, live, withAnnotationsOf(live, wanted));
  return differences(live.spec, restored, ["spec"]).map(({ path, ...change }) => ({
    kind,
    path,
    by: othersAt(live, standaloneManager, path),
    remedy: isOurs && !isUnapplied ? "put back" : "change",
    ...change,
    // A value that somebody put into the environment may be a secret.
    ...(path.includes("env") && { isSecret: true }),
  }));
}

/** With the server's defaults. */
async function asTheServerHasIt(
  client: ClusterClient,
  live: Live,
  spec: object,
): Promise<object | undefined> {
  const metadata = { ...live.metadata, resourceVersion: undefined };
  return (await client.dryRunReplace<Live>({ ...live, metadata, spec }))?.spec;
}

/** On the live object: what was applied last, and the generation at which drift was put back, if it ever was. */
export const appliedAnnotation = "image-registry/applied";

/**
 * The annotation's next value: another one for another spec, and for one whose drift has to be put back, so that an
 * unchanged stack gets its step too. Otherwise the live value is kept, and the stack stays unchanged.
 */
export function appliedValue(live: Live | undefined, wanted: object, hasDrifted: boolean): string {
  const print = fingerprint(wanted);
  if (hasDrifted) return `${print}@${live?.metadata?.generation ?? live?.metadata?.resourceVersion}`;
  return (isApplied(live, wanted) && live?.metadata?.annotations?.[appliedAnnotation]) || print;
}

function isApplied(live: Live | undefined, wanted: object): boolean {
  return live?.metadata?.annotations?.[appliedAnnotation]?.split("@")[0] === fingerprint(wanted);
}

// `kubectl rollout restart` leaves one on the pods, and to take it away would restart them once more.
function withAnnotationsOf(live: Live, wanted: object): object {
  const { template } = wanted as { template?: V1PodTemplateSpec };
  if (!template) return wanted;
  const annotations = (live as V1Deployment).spec?.template.metadata?.annotations;
  return { ...wanted, template: { ...template, metadata: { ...template.metadata, annotations } } };
}

interface Difference {
  readonly path: FieldPath;
  readonly is?: unknown;
  readonly asked?: unknown;
}

function differences(is: unknown, asked: unknown, path: FieldPath): Difference[] {
  if (isDeepStrictEqual(is, asked)) return [];
  const [left, right] = [parts(is), parts(asked)];
  if (!left || !right) return [{ path, is, asked }];
  const steps = new Map([...left, ...right].map(([key, { step }]) => [key, step]));
  return [...steps].flatMap(([key, step]) =>
    differences(left.get(key)?.value, right.get(key)?.value, [...path, step]),
  );
}

interface Part {
  readonly step: PathStep;
  readonly value: unknown;
}

// Kubernetes knows items of its lists by their names.
function parts(value: unknown): Map<string, Part> | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (!Array.isArray(value))
    return new Map(
      Object.entries(value).map(([key, inner]) => [key, { step: key, value: inner as unknown }]),
    );
  const items = value as ({ name?: string } | null)[];
  return new Map(
    items.map((inner, index) => {
      const item = inner?.name ?? String(index);
      return [item, { step: { item }, value: inner }];
    }),
  );
}
