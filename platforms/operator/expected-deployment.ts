import type { V1Deployment, V1PodSpec } from "@kubernetes/client-node";
import type { ConfigSpec } from "../../crds/types";
import { quantityValue } from "../../kubernetes/quantity";
import { describeStorage, sameStore, storageInUse } from "../../backends/backend";
import { canonical } from "../../kubernetes/canonical";
import type { LiveRegistry } from "./live";

/**
 * Where the operator's Deployment does not yet ask for what the Config's spec asks for. The operator reports its
 * conditions from a cached Deployment, so for a moment after each change they describe the one before: only the
 * Deployment itself shows that the change has arrived. Follows the operator's pkg/resource/podtemplatespec.go.
 */
export function deploymentLags(spec: ConfigSpec, deployment: V1Deployment): string[] {
  const pod = deployment.spec?.template.spec;
  const inUse = storageInUse(deployment);
  const wanted = spec.storage ?? {};
  const lags: string[] = [];
  const compare = (what: string, live: unknown, asked: unknown) => {
    if (canonical(live) !== canonical(asked)) lags.push(what);
  };

  if (!inUse || !sameStore(inUse, wanted)) {
    lags.push(`storage (pods use ${describeStorage(inUse ?? {})}, asked is ${describeStorage(wanted)})`);
  }
  if (deployment.spec?.replicas !== spec.replicas)
    lags.push(`replicas ${deployment.spec?.replicas} of ${spec.replicas}`);
  compare("rolloutStrategy", deployment.spec?.strategy?.type, spec.rolloutStrategy || "RollingUpdate");
  compare("nodeSelector", labels(pod?.nodeSelector), labels(spec.nodeSelector));
  compare("tolerations", pod?.tolerations, spec.tolerations);
  if (spec.affinity) compare("affinity", pod?.affinity, spec.affinity);
  if (spec.topologySpreadConstraints) {
    compare("topologySpreadConstraints", pod?.topologySpreadConstraints, spec.topologySpreadConstraints);
  }
  if (spec.resources) compare("resources", scalars(pod?.containers[0]?.resources), scalars(spec.resources));
  return [...lags, ...environmentLags(spec, pod)];
}

/** Says so when the spec would replace a pod that keeps its images in an emptyDir: they go with it, unasked. */
export function emptyDirRollout(
  { deployment, holdsImages }: Pick<LiveRegistry, "deployment" | "holdsImages">,
  spec: ConfigSpec,
): string | undefined {
  const leaving = spec.managementState !== "Managed" || !spec.storage?.emptyDir;
  if (!deployment || leaving || holdsImages === false || !storageInUse(deployment)?.emptyDir)
    return undefined;
  const changes = deploymentLags(spec, deployment).filter((lag) => !/^(replicas|rolloutStrategy)/.test(lag));
  if (changes.length === 0) return undefined;
  return `backend: the pod is replaced for ${changes.join(", ")}, and the images in its emptyDir go with it`;
}

// As text: in a map of labels an empty value means something, as in node-role.kubernetes.io/infra="".
function labels(nodeSelector: Record<string, string> | undefined): string[] {
  const all = Object.entries({ "kubernetes.io/os": "linux", ...nodeSelector });
  return all.map(([key, value]) => `${key}=${value}`).sort();
}

function environmentLags(spec: ConfigSpec, pod: V1PodSpec | undefined): string[] {
  const live = new Map(pod?.containers[0]?.env?.map(({ name, value }) => [name, value ?? ""]));
  return Object.entries(expectedEnvironment(spec))
    .filter(([name, value]) => (live.get(name) ?? "") !== (value ?? ""))
    .map(([name]) => `environment ${name}`);
}

// An undefined value must be absent. What the operator fills from elsewhere when the spec is silent is not listed.
function expectedEnvironment(spec: ConfigSpec): Record<string, string | undefined> {
  const { read, write } = spec.requests ?? {};
  return {
    ...(spec.httpSecret && { REGISTRY_HTTP_SECRET: spec.httpSecret }),
    REGISTRY_STORAGE_MAINTENANCE_READONLY: spec.readOnly ? "{enabled: true}" : undefined,
    REGISTRY_STORAGE_REDIRECT_DISABLE: spec.disableRedirect ? "true" : undefined,
    REGISTRY_LOG_LEVEL: logLevel(spec),
    ...(spec.proxy?.http && { HTTP_PROXY: spec.proxy.http }),
    ...(spec.proxy?.https && { HTTPS_PROXY: spec.proxy.https }),
    ...(spec.proxy?.noProxy && { NO_PROXY: spec.proxy.noProxy }),
    ...(read?.maxRunning && { REGISTRY_OPENSHIFT_REQUESTS_READ_MAXRUNNING: String(read.maxRunning) }),
    ...(write?.maxRunning && { REGISTRY_OPENSHIFT_REQUESTS_WRITE_MAXRUNNING: String(write.maxRunning) }),
    ...(spec.storage?.s3?.regionEndpoint && {
      REGISTRY_STORAGE_S3_REGIONENDPOINT: spec.storage.s3.regionEndpoint,
    }),
  };
}

function logLevel(spec: ConfigSpec): string {
  if (["Debug", "Trace", "TraceAll"].includes(spec.logLevel ?? "")) return "debug";
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
