import type { V1Deployment, V1PodSpec } from "@kubernetes/client-node";
import type { ConfigSpec } from "../../crds/types";
import { quantityValue } from "../../kubernetes/quantity";
import { sameStore, storageInUse } from "../../backends/stores";
import { canonical } from "../../kubernetes/blank";
import type { Lag } from "../observed";
import { isDebug, settingsEnvironment } from "../environment";

/**
 * Where the operator's Deployment does not yet ask for what the Config's spec asks for. The operator reports its
 * conditions from a cached Deployment, so for a moment after each change they describe the one before: only the
 * Deployment itself shows that the change has arrived. Follows the operator's pkg/resource/podtemplatespec.go.
 */
export function deploymentLags(spec: ConfigSpec, deployment: V1Deployment): DeploymentLag[] {
  const { replicas, strategy, template } = deployment.spec ?? {};
  const pod = template?.spec;
  const lag = (field: string, is: unknown, asked: unknown): DeploymentLag[] => [
    { of: "Deployment", field, is, asked },
  ];
  const unlike = (field: string, is: unknown, asked: unknown) =>
    canonical(is) === canonical(asked) ? [] : lag(field, is, asked);
  const unlikeWhenAsked = (field: string, is: unknown, asked: unknown) =>
    asked === undefined ? [] : unlike(field, is, asked);

  const [inUse, wanted] = [storageInUse(deployment) ?? {}, spec.storage ?? {}];
  const resources = spec.resources && scalars(spec.resources);
  return [
    ...(sameStore(inUse, wanted) ? [] : lag("storage", inUse, wanted)),
    ...(replicas === spec.replicas ? [] : lag("replicas", replicas, spec.replicas)),
    ...unlike("rolloutStrategy", strategy?.type, spec.rolloutStrategy || "RollingUpdate"),
    ...unlike("nodeSelector", labels(pod?.nodeSelector), labels(spec.nodeSelector)),
    ...unlike("tolerations", pod?.tolerations, spec.tolerations),
    ...unlikeWhenAsked("affinity", pod?.affinity, spec.affinity),
    ...unlikeWhenAsked(
      "topologySpreadConstraints",
      pod?.topologySpreadConstraints,
      spec.topologySpreadConstraints,
    ),
    ...unlikeWhenAsked("resources", scalars(pod?.containers[0]?.resources), resources),
    ...environmentLags(spec, pod),
  ];
}

export type DeploymentLag = Extract<Lag, { of: "Deployment" }>;

// As text: in a map of labels an empty value means something, as in node-role.kubernetes.io/infra="".
function labels(nodeSelector: Record<string, string> | undefined): string[] {
  const all = Object.entries({ "kubernetes.io/os": "linux", ...nodeSelector });
  return all.map(([key, value]) => `${key}=${value}`).sort();
}

function environmentLags(spec: ConfigSpec, pod: V1PodSpec | undefined): DeploymentLag[] {
  const live = new Map(pod?.containers[0]?.env?.map(({ name, value }) => [name, value ?? ""]));
  return (
    Object.entries(expectedEnvironment(spec))
      .filter(([name, value]) => (live.get(name) ?? "") !== (value ?? ""))
      // Without the values, of which some are secret.
      .map(([name]) => ({ of: "Deployment", field: "environment", variable: name }))
  );
}

// An undefined value must be absent. What the operator fills from elsewhere when the spec is silent is not listed.
function expectedEnvironment(spec: ConfigSpec): Record<string, string | undefined> {
  const { read, write } = spec.requests ?? {};
  return {
    ...(spec.httpSecret && { REGISTRY_HTTP_SECRET: spec.httpSecret }),
    ...settingsEnvironment(spec),
    REGISTRY_LOG_LEVEL: logLevel(spec),
    ...(spec.proxy?.http && { HTTP_PROXY: spec.proxy.http }),
    ...(spec.proxy?.https && { HTTPS_PROXY: spec.proxy.https }),
    ...(spec.proxy?.noProxy && { NO_PROXY: spec.proxy.noProxy }),
    ...(read?.maxRunning && { REGISTRY_OPENSHIFT_REQUESTS_READ_MAXRUNNING: String(read.maxRunning) }),
    ...(write?.maxRunning && { REGISTRY_OPENSHIFT_REQUESTS_WRITE_MAXRUNNING: String(write.maxRunning) }),
  };
}

function logLevel(spec: ConfigSpec): string {
  if (isDebug(spec)) return "debug";
  const logging = spec.logging ?? 0;
  if (logging === 1) return "warn";
  return logging === 0 || logging === 2 || logging === 3 ? "info" : "debug";
}

// The Deployment holds quantities in canonical form: "1000m" there is "1".
function scalars(resources: ConfigSpec["resources"] | undefined): unknown {
  const list = (quantities: Record<string, unknown> | undefined) =>
    Object.fromEntries(
      Object.entries(quantities ?? {}).map(([name, quantity]) => [name, quantityValue(String(quantity))]),
    );
  return { limits: list(resources?.limits), requests: list(resources?.requests) };
}
