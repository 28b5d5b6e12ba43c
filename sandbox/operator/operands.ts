import type { KubernetesObject, V1PodDisruptionBudget, V1Secret, V1Service } from "@kubernetes/client-node";

import { type Config, deploymentLabels, namespace, privateConfiguration, type Surroundings } from "./model";
import { deploymentFor } from "./deployment";

/** Everything the operator runs for a Config, in the order in which it applies it. */
export function operands(config: Config, seen: Surroundings): KubernetesObject[] {
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "registry", namespace } },
    secret(seen),
    service(),
    deploymentFor(config, seen),
    disruptionBudget(config),
  ];
}

function secret({ keys }: Surroundings): V1Secret {
  const metadata = { name: privateConfiguration, namespace };
  return { apiVersion: "v1", kind: "Secret", metadata, data: keys?.data ?? {} };
}

function service(): V1Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: "image-registry",
      namespace,
      labels: deploymentLabels,
      annotations: { "service.alpha.openshift.io/serving-cert-secret-name": "image-registry-tls" },
    },
    spec: {
      selector: deploymentLabels,
      ports: [{ name: "5000-tcp", port: 5000, protocol: "TCP", targetPort: 5000 }],
    },
  };
}

function disruptionBudget({ spec }: Config): V1PodDisruptionBudget {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: "image-registry", namespace },
    spec: {
      minAvailable: spec.replicas > 1 ? 1 : 0,
      selector: { matchLabels: deploymentLabels },
      unhealthyPodEvictionPolicy: "AlwaysAllow",
    },
  };
}
