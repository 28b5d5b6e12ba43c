import { createHash } from "node:crypto";
import type { V1DeploymentSpec, V1ServiceSpec } from "@kubernetes/client-node";
import { registryPort, selector, type StandalonePlan } from "./plan";
import { podSpec, type Surroundings } from "./pod";

const revisionLabel = "image-registry/revision";

/** The Deployment that the plan asks for. `certificate` is the one it serves with: pods read it only when they start. */
export function deploymentSpec(plan: StandalonePlan, surroundings: Surroundings, certificate?: string) {
  const pod = podSpec(plan, surroundings);
  const revision = fingerprint([pod, certificate]);
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

export type DeploymentSpec = ReturnType<typeof deploymentSpec>;

export function revisionOf(spec: V1DeploymentSpec | undefined): string | undefined {
  return spec?.template.metadata?.labels?.[revisionLabel];
}

export function serviceSpec() {
  const ports = [{ name: "registry", port: registryPort, targetPort: "registry", protocol: "TCP" }];
  return { selector, ports, type: "ClusterIP" } satisfies V1ServiceSpec;
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
