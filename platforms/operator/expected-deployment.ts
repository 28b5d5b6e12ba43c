import type { V1Deployment, V1PodSpec } from "@kubernetes/client-node";
import type { ConfigSpec } from "../../crds/types";
import { sameStore, storageInUse } from "../../backends/stores";
import { canonical } from "../../kubernetes/blank";
import type { Lag } from "../observed";
import type { Environment } from "../environment";
import { shownSettings } from "./shown-settings";

/**
 * Where the operator's Deployment does not yet ask for what the Config's spec asks for. The operator reports its
 * conditions from a cached Deployment, so for a moment after each change they describe the one before: only the
 * Deployment itself shows that the change has arrived.
 */
export function deploymentLags(spec: ConfigSpec, deployment: V1Deployment): DeploymentLag[] {
  const { replicas, strategy, template } = deployment.spec ?? {};
  const pod = template?.spec;
  const lag = (field: string, is: unknown, asked: unknown): DeploymentLag[] => [
    { of: "Deployment", field, is, asked },
  ];
  const unlike = (field: string, is: unknown, asked: unknown) =>
    canonical(is) === canonical(asked) ? [] : lag(field, is, asked);

  const [inUse, wanted] = [storageInUse(deployment) ?? {}, spec.storage ?? {}];
  return [
    ...(sameStore(inUse, wanted) ? [] : lag("storage", inUse, wanted)),
    ...(replicas === spec.replicas ? [] : lag("replicas", replicas, spec.replicas)),
    ...unlike("rolloutStrategy", strategy?.type, spec.rolloutStrategy || "RollingUpdate"),
    ...unlike("nodeSelector", labels(pod?.nodeSelector), labels(spec.nodeSelector)),
    ...unlike("tolerations", pod?.tolerations, spec.tolerations),
    ...Object.entries(shownSettings).flatMap(([name, shown]) => {
      if (shown.as !== "pod") return [];
      const asked = shown.asked(spec);
      return asked === undefined ? [] : unlike(name, pod && shown.is(pod), asked);
    }),
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
function expectedEnvironment(spec: ConfigSpec): Environment {
  const settings = Object.values(shownSettings).map((shown) =>
    shown.as === "environment" ? shown.variables(spec) : {},
  );
  const secret = spec.httpSecret ? { REGISTRY_HTTP_SECRET: spec.httpSecret } : {};
  return Object.assign({}, secret, ...settings) as Environment;
}
