import type { V1PersistentVolumeClaim } from "@kubernetes/client-node";
import type { Configuration } from "../config/schema";
import {
  type Asked,
  type Backend,
  type Finding,
  type FoundStorage,
  onFileSystem,
  type Store,
} from "./backend";
import { classClaim } from "./class-claim";

export const claimStore: Store<"pvc"> = {
  key: "pvc",
  describe: ({ claim = "" }) => `pvc "${claim}"`,
  inUse: ({ volume }) => volume?.persistentVolumeClaim && { claim: volume.persistentVolumeClaim.claimName },
  forPod: ({ claim = "" }) => ({
    volume: { persistentVolumeClaim: { claimName: claim } },
    environment: onFileSystem,
  }),
};

/** As the operator names the claim that it makes for an empty name. */
const unnamed = "image-registry-storage";

/** A claim that somebody else made, if nothing but its name is given; the stack's own otherwise. */
export function claim({ pvc = {} }: Pick<Configuration, "pvc">): Backend {
  const { claim: name = "", accessModes = ["ReadWriteMany"], ...given } = pvc;
  const isNamedAlone = Object.keys(pvc).every((key) => key === "claim") && name !== "";
  return isNamedAlone ? othersClaim(name) : classClaim({ claimName: name || unnamed, accessModes, ...given });
}

function othersClaim(name: string): Backend {
  return {
    name: "pvc",
    storage: { pvc: { claim: name } },
    problems: (found, asked) => problemsOf(name, found, asked),
  };
}

function problemsOf(name: string, { claims, classes }: FoundStorage, asked: Asked): Finding[] {
  if (asked.managementState !== "Managed") return [];
  const claim = claims.find(({ metadata }) => metadata?.name === name);
  if (claim) return [...bindingProblems(claim, classes), ...accessModeProblems(claim, asked)];
  const others = claims.map(({ metadata }) => `"${metadata?.name}"`).join(", ") || "none";
  return [
    {
      field: "pvc.claim",
      message: `"${name}" does not exist in namespace ${asked.namespace} (claims there: ${others}); create it first`,
    },
  ];
}

/** Why a pod that uses the claim would stay Pending; one that binds at first use binds when the pod comes. */
function bindingProblems(
  { metadata, spec, status }: V1PersistentVolumeClaim,
  classes: FoundStorage["classes"],
): Finding[] {
  const finding = (message: string) => [{ field: "pvc.claim", message: `"${metadata?.name}" ${message}` }];
  if (metadata?.deletionTimestamp)
    return finding(
      "is being deleted, which cannot be taken back, and no new pod may use it; name another claim, or run again when it is gone",
    );
  if (status?.phase !== "Pending") return [];
  const { storageClassName = "" } = spec ?? {};
  const storageClass = classes.find((one) => one.metadata?.name === storageClassName);
  if (storageClass?.volumeBindingMode === "WaitForFirstConsumer") return [];
  const waitsFor = storageClassName
    ? `class "${storageClassName}" ${storageClass ? "to provide its volume" : "which is not there, or may not be read"}`
    : "a volume without a class that fits it";
  return finding(
    `is Pending: it waits for ${waitsFor}, and pods with it; see oc describe pvc ${metadata?.name} -n ${metadata?.namespace}`,
  );
}

// The operator's own rule for claims (its pkg/storage/pvc): otherwise it stops with Progressing=True/Error.
function accessModeProblems(
  { metadata, spec, status }: V1PersistentVolumeClaim,
  { replicas, rolloutStrategy }: Asked,
): Finding[] {
  const [field, name] = ["pvc.claim", `"${metadata?.name}"`];
  const modes = spec?.accessModes ?? [];
  if (status?.phase === "Lost")
    return [
      { field, message: `${name} is Lost: its volume is gone; restore the volume or name another claim` },
    ];
  if (modes.includes("ReadWriteMany")) return [];
  if (!modes.includes("ReadWriteOnce")) {
    const message = `${name} has access modes ${modes.join(", ")}; the registry needs ReadWriteMany or ReadWriteOnce`;
    return [{ field, message }];
  }
  const single = `but ${field}: ${name} is ReadWriteOnce, which`;
  return [
    ...(replicas > 1 ? [{ field: "replicas", message: `${replicas}, ${single} serves 1 replica` }] : []),
    ...(rolloutStrategy === "Recreate"
      ? []
      : [{ field: "rolloutStrategy", message: `"${rolloutStrategy}", ${single} needs "Recreate"` }]),
  ];
}
