import type { V1PersistentVolumeClaim, V1StorageClass } from "@kubernetes/client-node";
import { quantityValue } from "../kubernetes/quantity";
import type { Asked, Backend, ClassClaim, Finding, FoundStorage } from "./backend";

/** What the registry's operator takes when it makes a claim of its own. */
const defaultSize = "100Gi";

/**
 * A claim that the stack makes, for a volume that a storage class provides. Nothing of the stack ever deletes it: with most
 * classes the images would go with it.
 */
export function classClaim(wanted: ClassClaim): Backend {
  const { claimName } = wanted;
  return {
    name: "pvc",
    storage: { pvc: { claim: claimName } },
    needs: { claim: wanted },
    problems: (found, asked) => problemsOf(found, wanted, asked),
    warnings: (found, asked) => warningsOf(found, wanted, asked),
    imagesAt: `claim "${claimName}", which destroy leaves where it is`,
  };
}

/** The size to ask for: an unnamed one is that of the claim that is there, which can only grow. */
export function sizeOf({ size }: ClassClaim, live: V1PersistentVolumeClaim | undefined): string {
  return size ?? requested(live) ?? defaultSize;
}

/** Whether the claim binds only when a pod uses it: to wait for that before there is a pod would be to wait for ever. */
export function bindsAtFirstUse(
  found: Pick<FoundStorage, "claims" | "classes">,
  wanted: ClassClaim,
): boolean {
  return classFor(found, wanted)?.volumeBindingMode === "WaitForFirstConsumer";
}

function problemsOf(found: FoundStorage, wanted: ClassClaim, asked: Asked): Finding[] {
  if (asked.managementState !== "Managed") return [];
  const live = claimIn(found, wanted);
  return live ? conflicts(live, found, wanted) : classProblems(found, wanted);
}

function warningsOf(found: FoundStorage, wanted: ClassClaim, { managementState }: Asked): Finding[] {
  if (managementState === "Removed") return [];
  const live = claimIn(found, wanted);
  const storageClass = classFor(found, wanted);
  // Of a claim that is bound, its volume's own policy counts.
  if (!storageClass || live?.spec?.volumeName || storageClass.reclaimPolicy === "Retain") return [];
  const message =
    `class "${nameOf(storageClass)}" deletes a volume with its claim (reclaimPolicy ${storageClass.reclaimPolicy ?? "Delete"}). ` +
    `This stack never deletes claim "${wanted.claimName}", but whoever does deletes the images; once it is bound: ` +
    `oc patch pv VOLUME -p '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}'`;
  return [{ field: "pvc.storageClassName", message }];
}

/** Why no volume would come of a new claim. */
function classProblems(found: FoundStorage, wanted: ClassClaim): Finding[] {
  const storageClass = classFor(found, wanted);
  const field = "pvc.storageClassName";
  if (!storageClass) {
    const { storageClassName } = wanted;
    const there = found.classes.map((one) => `"${nameOf(one)}"`).join(", ") || "none";
    const message =
      storageClassName === undefined
        ? `is not set, and the cluster has no default storage class; name one (there are: ${there})`
        : `the cluster has no storage class "${storageClassName}" (there are: ${there})`;
    return [{ field, message }];
  }
  const { provisioner } = storageClass;
  if (!wanted.accessModes.includes("ReadWriteMany") || !isBlockStorage(provisioner)) return [];
  const message =
    `ReadWriteMany, but class "${nameOf(storageClass)}" (${provisioner}) provides disks, which one node mounts at a time: the ` +
    `claim would stay Pending; name a class of a shared file system, or [ReadWriteOnce] with replicas 1 and rolloutStrategy Recreate`;
  return [{ field: "pvc.accessModes", message }];
}

/** Why the claim that is there cannot become the one that is asked: most of a claim never changes. */
function conflicts(live: V1PersistentVolumeClaim, found: FoundStorage, wanted: ClassClaim): Finding[] {
  const { claimName, storageClassName, accessModes, size } = wanted;
  const conflict = (key: string, message: string): Finding[] => [
    { field: `pvc.${key}`, message: `claim "${claimName}" ${message}` },
  ];
  const instead = `keep what it has, or set pvc.claim to a new name`;
  if (live.metadata?.deletionTimestamp)
    return conflict("claim", "is being deleted, which cannot be taken back; set pvc.claim to a new name");
  if (live.status?.phase === "Lost")
    return conflict(
      "claim",
      "is Lost: its volume is gone; restore the volume, or set pvc.claim to a new name",
    );
  const [liveClass, liveModes] = [live.spec?.storageClassName ?? "", live.spec?.accessModes ?? []];
  return [
    ...(storageClassName === undefined || storageClassName === liveClass
      ? []
      : conflict(
          "storageClassName",
          `has class "${liveClass}", asked is "${storageClassName}"; a claim's class cannot change: ${instead}`,
        )),
    ...(sameModes(liveModes, accessModes)
      ? []
      : conflict(
          "accessModes",
          `has ${liveModes.join(", ")}, asked is ${accessModes.join(", ")}; a claim's access modes cannot change: ${instead}`,
        )),
    ...sizeConflicts(live, size, classFor(found, wanted)).flatMap((message) => conflict("size", message)),
  ];
}

function sizeConflicts(
  live: V1PersistentVolumeClaim,
  size: string | undefined,
  storageClass: V1StorageClass | undefined,
): string[] {
  const is = requested(live);
  const [before, after] = [quantityValue(is ?? ""), quantityValue(size ?? "")];
  if (before === undefined || after === undefined || before === after) return [];
  if (after < before) return [`has ${is}, asked is ${size}; a claim cannot shrink: keep ${is}`];
  if (storageClass?.allowVolumeExpansion) return [];
  return [
    `has ${is}, asked is ${size}, and its class "${storageClass ? nameOf(storageClass) : ""}" does not let claims grow ` +
      `(allowVolumeExpansion): keep ${is}, or set pvc.claim to a new name`,
  ];
}

function claimIn({ claims }: Pick<FoundStorage, "claims">, { claimName }: ClassClaim) {
  return claims.find(({ metadata }) => metadata?.name === claimName);
}

/** The class of the claim that is there, or the one that a new claim gets: of several defaults, the newest. */
function classFor(
  found: Pick<FoundStorage, "claims" | "classes">,
  wanted: ClassClaim,
): V1StorageClass | undefined {
  const name = claimIn(found, wanted)?.spec?.storageClassName ?? wanted.storageClassName;
  if (name !== undefined) return found.classes.find((one) => nameOf(one) === name);
  return found.classes
    .filter(
      ({ metadata }) => metadata?.annotations?.["storageclass.kubernetes.io/is-default-class"] === "true",
    )
    .sort((one, other) => createdAt(other) - createdAt(one) || nameOf(one).localeCompare(nameOf(other)))[0];
}

function nameOf({ metadata }: V1StorageClass): string {
  return metadata?.name ?? "";
}

function createdAt({ metadata }: V1StorageClass): number {
  return new Date(metadata?.creationTimestamp ?? 0).getTime();
}

function requested(claim: V1PersistentVolumeClaim | undefined): string | undefined {
  return claim?.spec?.resources?.requests?.["storage"];
}

function sameModes(one: readonly string[], other: readonly string[]): boolean {
  return [...one].sort().join() === [...other].sort().join();
}

/** Drivers that refuse ReadWriteMany for a volume with a file system, as the registry's is (their CreateVolume says so). */
const blockDrivers: readonly string[] = [
  "ebs.csi.aws.com",
  "disk.csi.azure.com",
  "pd.csi.storage.gke.io",
  "vpc.block.csi.ibm.io",
  "topolvm.io",
  "kubernetes.io/aws-ebs",
  "kubernetes.io/azure-disk",
  "kubernetes.io/gce-pd",
];

// Rook and ODF put their namespace in front of the name.
function isBlockStorage(provisioner: string): boolean {
  return blockDrivers.includes(provisioner) || /(^|\.)rbd\.csi\.ceph\.com$/.test(provisioner);
}
