import type { V1PersistentVolume, V1PersistentVolumeClaim, V1StorageClass } from "@kubernetes/client-node";
import { quantityValue } from "../kubernetes/quantity";
import { sameModes } from "./access-modes";
import type { Asked, Backend, ClassClaim, FoundStorage } from "./backend";
import type { ClassClaimFinding } from "./finding";

/** What the registry's operator takes when it makes a claim of its own. */
const defaultSize = "100Gi";

type NamedClaim = Pick<ClassClaim, "claimName" | "storageClassName">;

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

/** The volume that a class will make for the claim, as far as the class says which nodes will reach it. */
export function volumeToCome(
  found: Pick<FoundStorage, "claims" | "classes">,
  wanted: NamedClaim,
): V1PersistentVolume | undefined {
  const { allowedTopologies = [] } = classFor(found, wanted) ?? {};
  if (allowedTopologies.length === 0 || claimIn(found, wanted)?.spec?.volumeName) return undefined;
  const nodeSelectorTerms = allowedTopologies.map(({ matchLabelExpressions = [] }) => ({
    matchExpressions: matchLabelExpressions.map(({ key, values }) => ({ key, operator: "In", values })),
  }));
  return {
    metadata: { name: wanted.claimName },
    spec: { nodeAffinity: { required: { nodeSelectorTerms } } },
  };
}

function problemsOf(found: FoundStorage, wanted: ClassClaim, asked: Asked): ClassClaimFinding[] {
  if (asked.managementState !== "Managed") return [];
  const live = claimIn(found, wanted);
  return live ? conflicts(live, found, wanted) : classProblems(found, wanted);
}

function warningsOf(
  found: FoundStorage,
  wanted: ClassClaim,
  { managementState }: Asked,
): ClassClaimFinding[] {
  if (managementState === "Removed") return [];
  const live = claimIn(found, wanted);
  const storageClass = classFor(found, wanted);
  // Of a claim that is bound, its volume's own policy counts.
  if (!storageClass || live?.spec?.volumeName || storageClass.reclaimPolicy === "Retain") return [];
  return [
    {
      kind: "class deletes volumes",
      field: "pvc.storageClassName",
      claim: wanted.claimName,
      storageClass: nameOf(storageClass),
      policy: storageClass.reclaimPolicy ?? "Delete",
    },
  ];
}

/** Why no volume would come of a new claim. */
function classProblems(found: FoundStorage, wanted: ClassClaim): ClassClaimFinding[] {
  const storageClass = classFor(found, wanted);
  const { claimName: claim, storageClassName: asked } = wanted;
  if (!storageClass)
    return [
      {
        kind: "class is missing",
        field: "pvc.storageClassName",
        claim,
        asked,
        there: found.classes.map(nameOf),
      },
    ];
  const { provisioner } = storageClass;
  if (!wanted.accessModes.includes("ReadWriteMany") || !isBlockStorage(provisioner)) return [];
  const name = nameOf(storageClass);
  return [{ kind: "class has disks", field: "pvc.accessModes", claim, storageClass: name, provisioner }];
}

/** Why the claim that is there cannot become the one that is asked: most of a claim never changes. */
function conflicts(
  live: V1PersistentVolumeClaim,
  found: FoundStorage,
  wanted: ClassClaim,
): ClassClaimFinding[] {
  const { claimName: claim, storageClassName, accessModes, size } = wanted;
  if (live.metadata?.deletionTimestamp) return [{ kind: "own claim goes", field: "pvc.claim", claim }];
  if (live.status?.phase === "Lost") return [{ kind: "own claim is lost", field: "pvc.claim", claim }];
  const { storageClassName: liveClass = "", accessModes: liveModes = [] } = live.spec ?? {};
  const problems: ClassClaimFinding[] = [];
  if (storageClassName !== undefined && storageClassName !== liveClass)
    problems.push({
      kind: "own claim's class differs",
      field: "pvc.storageClassName",
      claim,
      is: liveClass,
      asked: storageClassName,
    });
  if (!sameModes(liveModes, accessModes))
    problems.push({
      kind: "own claim's modes differ",
      field: "pvc.accessModes",
      claim,
      is: liveModes,
      asked: accessModes,
    });
  return [...problems, ...sizeConflicts(claim, requested(live), size, classFor(found, wanted))];
}

function sizeConflicts(
  claim: string,
  is: string | undefined,
  asked: string | undefined,
  storageClass: V1StorageClass | undefined,
): ClassClaimFinding[] {
  if (is === undefined || asked === undefined) return [];
  const [before, after] = [quantityValue(is), quantityValue(asked)];
  if (before === undefined || after === undefined || before === after) return [];
  const about = { field: "pvc.size", claim, is, asked } as const;
  if (after < before) return [{ kind: "own claim would shrink", ...about }];
  if (storageClass?.allowVolumeExpansion) return [];
  return [
    { kind: "own claim cannot grow", ...about, storageClass: storageClass ? nameOf(storageClass) : "" },
  ];
}

function claimIn({ claims }: Pick<FoundStorage, "claims">, { claimName }: NamedClaim) {
  return claims.find(({ metadata }) => metadata?.name === claimName);
}

/** The class of the claim that is there, or the one that a new claim gets: of several defaults, the newest. */
export function classFor(
  found: Pick<FoundStorage, "claims" | "classes">,
  wanted: NamedClaim,
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
