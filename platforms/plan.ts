import type { RegistryPlan } from "./preflight";
import { registryNamespace, type Storage } from "./operator/registry";
import type { StandalonePlan } from "./standalone/plan";
import type { Configuration } from "../config";
import { standaloneDefaults } from "../config/schema";

/** What the configuration asks of the registry, in the terms of the Config CR. */
export function planOf(config: Configuration, namespace = registryNamespace): RegistryPlan {
  const { managementState, replicas, rolloutStrategy, placement, nfs } = config;
  const infra = placement?.infra ? placement : undefined;
  return {
    namespace,
    managementState,
    replicas,
    rolloutStrategy,
    storage: storageOf(config),
    claim:
      config.backend === "nfs" && nfs
        ? { ...nfs, managementState, namespace, nfs, volumeName: nfs.volumeName ?? nfs.claimName }
        : undefined,
    placement: { nodeSelector: infra?.nodeSelector ?? {}, tolerations: infra?.tolerations ?? [] },
    ownAffinity: config.registry?.affinity !== undefined,
    nodesToLabel: infra?.nodes ?? [],
    acceptImageLoss: config.acceptImageLoss,
  };
}

/** What the configuration asks of a registry that the stack runs itself. */
export function standalonePlanOf(config: Configuration): StandalonePlan {
  const { namespace, image, tlsSecret, uid, gid } = config.standalone ?? standaloneDefaults;
  const host = config.backend === "nfs" ? config.nfs?.host : undefined;
  const user = uid ?? host?.uid ?? 1000;
  return {
    ...planOf(config, namespace),
    // Pods prefer hosts of their own, and share one where they must.
    ownAffinity: true,
    image,
    tlsSecret,
    owner: { uid: user, gid: gid ?? host?.gid ?? user },
    ownerIsGiven: uid !== undefined || gid !== undefined,
    settings: config.registry ?? {},
  };
}

// Always with storage.managementState: what the operator wrote there for an earlier backend would stay, and Managed
// lets it delete the claim.
function storageOf(config: Configuration): Storage {
  const { backend, nfs, pvc, s3 } = config;
  const managementState = "Unmanaged";
  switch (backend) {
    case "emptyDir":
      return { managementState, emptyDir: {} };
    case "nfs":
      return { managementState, pvc: { claim: nfs?.claimName } };
    case "pvc":
      return { managementState, pvc: { claim: pvc?.claim } };
    case "s3":
      return { managementState, s3: s3 && s3Of(s3) };
    default:
      return { managementState, [backend]: config[backend] };
  }
}

// Without blank values, which the operator would leave out when it writes the spec (see operator/settings.ts).
function s3Of({
  virtualHostedStyle,
  encrypt,
  trustedCA,
  ...s3
}: NonNullable<Configuration["s3"]>): Storage["s3"] {
  return {
    ...s3,
    ...(virtualHostedStyle && { virtualHostedStyle }),
    ...(encrypt && { encrypt }),
    ...(trustedCA && { trustedCA: { name: trustedCA } }),
  };
}

/** What the user may want to know or do after this up. */
export function nextSteps({ platform, standalone, ...config }: Configuration): string[] {
  const { backend, managementState, nfs } = config;
  if (managementState === "Unmanaged")
    return ["the operator leaves the registry alone until managementState is Managed"];
  if (managementState === "Removed") {
    const kept = backend === "nfs" ? `; the images stay at ${nfs?.server}:${nfs?.path}` : "";
    return [`the registry is down; pulumi destroy now removes what this stack made${kept}`];
  }
  const { namespace } = standalone ?? standaloneDefaults;
  const watch =
    platform === "operator"
      ? "watch it: oc get clusteroperator image-registry"
      : `watch it: kubectl -n ${namespace} get deployment image-registry`;
  const open =
    platform === "standalone"
      ? ["the registry asks for no password: keep its Service to those you trust"]
      : [];
  if (backend === "emptyDir")
    return [
      watch,
      ...open,
      "images live as long as the pod: for images that stay, set backend to nfs, pvc or s3",
    ];
  return [watch, ...open, "to take it down: set managementState to Removed, pulumi up, pulumi destroy"];
}
