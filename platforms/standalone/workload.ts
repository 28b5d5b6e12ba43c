import { createHash } from "node:crypto";
import type {
  V1DeploymentSpec,
  V1PodDisruptionBudgetSpec,
  V1PodSpec,
  V1Secret,
  V1ServiceSpec,
} from "@kubernetes/client-node";
import type { AdmittedPod } from "../../kubernetes/namespace-limits";
import type { PodToPlace } from "../../kubernetes/scheduling/pod";
import { amounts, requestsOf } from "../../kubernetes/scheduling/resources";
import type { LiveRegistry } from "../platform";
import type { StandalonePlan } from "./plan";
import { podSpec } from "./pod";
import { registryPort, selector } from "./registry";

const revisionLabel = "image-registry/revision";

/** What the Deployment depends on besides the plan. */
interface FoundCluster {
  /** Whether SecurityContextConstraints give pods their user. */
  readonly assignsUsers: boolean;
  /** The Secret with the certificate that the registry serves with. */
  readonly certificate: V1Secret | undefined;
}

/** The Deployment that the plan asks for on this cluster. */
export function deploymentSpec(plan: StandalonePlan, { assignsUsers, certificate }: FoundCluster) {
  const pod = podSpec(plan, assignsUsers);
  // Pods read the certificate only when they start.
  const revision = fingerprint([pod, certificate?.data?.["tls.crt"]]);
  const labels = { ...selector, [revisionLabel]: revision };
  return {
    // A registry that is down keeps its Deployment until destroy: an earlier up may have told the engine to retain it.
    replicas: plan.managementState === "Removed" ? 0 : plan.replicas,
    selector: { matchLabels: selector },
    strategy:
      plan.rolloutStrategy === "Recreate"
        ? { type: "Recreate" }
        : { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    template: { metadata: { labels }, spec: { affinity: apart(labels), ...pod } },
  } satisfies V1DeploymentSpec;
}

/** Its pod, as far as the scheduler looks at it. */
export function podToPlace(
  plan: StandalonePlan,
  found: FoundCluster & Pick<LiveRegistry, "volume" | "volumeToCome">,
): PodToPlace {
  const { template } = deploymentSpec(plan, found);
  const { affinity, topologySpreadConstraints } = template.spec;
  return {
    ...plan.placement,
    affinity,
    topologySpreadConstraints,
    labels: template.metadata.labels,
    namespace: plan.namespace,
    requests: requestsOf(template.spec),
    volume: found.volume ?? found.volumeToCome,
  };
}

/** The same pod as admission looks at it. */
export function admitted(plan: StandalonePlan, found: FoundCluster): AdmittedPod {
  const spec: V1PodSpec = deploymentSpec(plan, found).template.spec;
  return { requests: requestsOf(spec), limits: amounts(spec.containers[0]?.resources?.limits) };
}

export type DeploymentSpec = ReturnType<typeof deploymentSpec>;

export function revisionOf(spec: V1DeploymentSpec | undefined): string | undefined {
  return spec?.template.metadata?.labels?.[revisionLabel];
}

export function serviceSpec() {
  const ports = [{ name: "registry", port: registryPort, targetPort: "registry", protocol: "TCP" }];
  return { selector, ports, type: "ClusterIP" } satisfies V1ServiceSpec;
}

/** Nodes are drained one pod at a time, and always can be: a budget that allows none would stop them. */
export function budgetSpec() {
  return { maxUnavailable: 1, selector: { matchLabels: selector } } satisfies V1PodDisruptionBudgetSpec;
}

// Pods of one revision go to different hosts where there are enough; those of the revision they replace do not count.
function apart(matchLabels: Record<string, string>) {
  const podAffinityTerm = { labelSelector: { matchLabels }, topologyKey: "kubernetes.io/hostname" };
  return {
    podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm }] },
  };
}

export function fingerprint(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 12);
}
