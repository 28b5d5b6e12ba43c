import type { V1PersistentVolumeClaim } from "@kubernetes/client-node";
import type { Configuration } from "../config/schema";
import { type Asked, type Backend, type FoundStorage, onFileSystem, type Store } from "./backend";
import { classClaim } from "./class-claim";
import type { OthersClaimFinding } from "./finding";

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

function problemsOf(name: string, { claims, classes }: FoundStorage, asked: Asked): OthersClaimFinding[] {
  if (asked.managementState !== "Managed") return [];
  const claim = claims.find(({ metadata }) => metadata?.name === name);
  if (claim) return [...bindingProblems(claim, classes), ...accessModeProblems(claim, asked)];
  const there = claims.map(({ metadata }) => metadata?.name ?? "");
  const { namespace } = asked;
  return [{ kind: "claim is missing", field: "pvc.claim", claim: name, namespace, there }];
}

/** Why a pod that uses the claim would stay Pending; one that binds at first use binds when the pod comes. */
function bindingProblems(
  { metadata, spec, status }: V1PersistentVolumeClaim,
  classes: FoundStorage["classes"],
): OthersClaimFinding[] {
  const { name: claim = "", namespace = "" } = metadata ?? {};
  const field = "pvc.claim";
  if (metadata?.deletionTimestamp) return [{ kind: "claim goes", field, claim }];
  if (status?.phase !== "Pending") return [];
  const { storageClassName: name = "" } = spec ?? {};
  const found = classes.find((one) => one.metadata?.name === name);
  if (found?.volumeBindingMode === "WaitForFirstConsumer") return [];
  const storageClass = name ? { name, isFound: found !== undefined } : undefined;
  return [{ kind: "claim is pending", field, claim, namespace, storageClass }];
}

// The operator's own rule for claims (its pkg/storage/pvc): otherwise it stops with Progressing=True/Error.
function accessModeProblems(
  { metadata, spec, status }: V1PersistentVolumeClaim,
  { replicas, rolloutStrategy }: Asked,
): OthersClaimFinding[] {
  const claim = metadata?.name ?? "";
  const modes = spec?.accessModes ?? [];
  if (status?.phase === "Lost") return [{ kind: "claim is lost", field: "pvc.claim", claim }];
  if (modes.includes("ReadWriteMany")) return [];
  if (!modes.includes("ReadWriteOnce"))
    return [{ kind: "claim's modes do not do", field: "pvc.claim", claim, is: modes }];
  const problems: OthersClaimFinding[] = [];
  if (replicas > 1) problems.push({ kind: "claim serves one", field: "replicas", claim, asked: replicas });
  if (rolloutStrategy !== "Recreate")
    problems.push({ kind: "claim needs Recreate", field: "rolloutStrategy", claim, asked: rolloutStrategy });
  return problems;
}
