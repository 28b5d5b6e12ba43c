import type { V1TopologySpreadConstraint } from "@kubernetes/client-node";
import type { ConfigSpec } from "../../crds/types";
import { registryManager } from "../../kubernetes/field-managers";
import { ownedByOther } from "../../kubernetes/managed-fields";
import type { Placement } from "../../kubernetes/nodes";
import type { AdmittedPod } from "../../kubernetes/namespace-limits";
import type { PodToPlace } from "../../kubernetes/scheduling/pod";
import { amounts, type Resources } from "../../kubernetes/scheduling/resources";
import type { RegistryPlan } from "../plan";
import type { LiveRegistry } from "../platform";
import { type RegistryConfig, registryNamespace } from "./registry";

type Asked = Pick<RegistryPlan, "placement" | "settings" | "replicas">;

/** Of priority class system-cluster-critical. */
const priority = 2_000_000_000;
const podLabels = { "docker-registry": "default" };
const defaultRequests = { cpu: "100m", memory: "256Mi" };

/**
 * The registry's pod as the operator will make it once the plan is applied, as far as the scheduler looks at it. Follows
 * the operator's pkg/resource/podtemplatespec.go.
 */
export function podToPlace(
  config: RegistryConfig,
  asked: Asked,
  {
    hasZones,
    volume,
    volumeToCome,
  }: Pick<LiveRegistry, "volume" | "volumeToCome"> & { readonly hasZones: boolean },
): PodToPlace {
  const { nodeSelector, tolerations } = effectivePlacement(config, asked);
  const setting = <K extends "affinity" | "topologySpreadConstraints" | "resources">(key: K) =>
    effectiveSetting(config, asked, key);
  const resources = setting("resources");
  return {
    nodeSelector: { "kubernetes.io/os": "linux", ...nodeSelector },
    tolerations,
    affinity: setting("affinity") ?? (asked.replicas === 2 ? apart : undefined),
    topologySpreadConstraints:
      setting("topologySpreadConstraints") ??
      (Object.keys(nodeSelector).length ? undefined : defaultSpread(hasZones)),
    // Pods of another rollout do not count where it says so.
    labels: { ...podLabels, "pod-template-hash": "next" },
    namespace: registryNamespace,
    requests: requestedBy(resources),
    priority,
    volume: volume ?? volumeToCome,
  };
}

/** The same pod as admission looks at it. */
export function admitted(config: RegistryConfig, asked: Pick<RegistryPlan, "settings">): AdmittedPod {
  const resources = effectiveSetting(config, asked, "resources");
  const limits = amounts(resources?.limits);
  return { requests: requestedBy(resources), limits, priorityClass: "system-cluster-critical" };
}

function requestedBy(resources: ConfigSpec["resources"]): Resources {
  return amounts(resources ? { ...resources.limits, ...resources.requests } : defaultRequests);
}

/** What the CR will say of placement once the plan is applied: ours, and what others own and apply leaves in place. */
export function effectivePlacement(
  config: RegistryConfig,
  { placement }: Pick<RegistryPlan, "placement">,
): Placement {
  const { spec } = config;
  const foreign = (...path: string[]) => ownedByOther(config, registryManager, ["spec", ...path]);
  const keys = Object.entries(spec.nodeSelector ?? {}).filter(([key]) => foreign("nodeSelector", key));
  // A list has one owner: ours replaces theirs.
  const theirs = foreign("tolerations") ? (spec.tolerations ?? []) : [];
  return {
    nodeSelector: { ...Object.fromEntries(keys), ...placement.nodeSelector },
    tolerations: placement.tolerations.length ? placement.tolerations : theirs,
  };
}

function effectiveSetting<K extends "affinity" | "topologySpreadConstraints" | "resources">(
  config: RegistryConfig,
  { settings }: Pick<RegistryPlan, "settings">,
  key: K,
): ConfigSpec[K] {
  if (settings[key] !== undefined) return settings[key];
  return ownedByOther(config, registryManager, ["spec", key]) ? config.spec[key] : undefined;
}

const apart = {
  podAntiAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: [
      {
        topologyKey: "kubernetes.io/hostname",
        namespaces: [registryNamespace],
        labelSelector: { matchLabels: podLabels },
      },
    ],
  },
};

export const zoneLabel = "topology.kubernetes.io/zone";

function defaultSpread(hasZones: boolean): V1TopologySpreadConstraint[] {
  const keys = ["kubernetes.io/hostname", "node-role.kubernetes.io/worker", ...(hasZones ? [zoneLabel] : [])];
  return keys.map((topologyKey) => ({
    topologyKey,
    labelSelector: { matchLabels: podLabels },
    matchLabelKeys: ["pod-template-hash"],
    maxSkew: 1,
    nodeAffinityPolicy: "Honor",
    nodeTaintsPolicy: "Honor",
    whenUnsatisfiable: "DoNotSchedule",
  }));
}
