import type {
  V1Node,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1StorageClass,
  V1Volume,
  V1VolumeMount,
} from "@kubernetes/client-node";
import type { Storage } from "../crds/fields";
import type { Placement } from "../kubernetes/nodes";
import type { StoreFinding } from "./finding";
import type { ClientSpec, ServerSpec, SshConnection } from "../hosts";

/** Where images live. Nothing here loads Pulumi or zod: policies and `status` use backends, too. */
export interface Backend {
  /** As `backend` names it in the configuration. */
  readonly name: string;
  /** What is asked of the Config's `spec.storage`. */
  readonly storage: Storage;
  /** What is made before the registry's pods are told to use the store. @default nothing */
  readonly needs?: Needs;
  /** Why the cluster cannot give what is asked: none of it heals by waiting. */
  problems?(found: FoundStorage, asked: Asked): StoreFinding[];
  /** What is wrong with the store now, and what an up does about it. */
  warnings?(found: FoundStorage, asked: Asked): StoreFinding[];
  /** Whether the volume that the pods use now holds the same files, under whatever name. @default false */
  sharesFiles?(volumeInUse: V1PersistentVolume): boolean;
  /** Where images stay when the registry is down, for people; undefined where nothing more is known than the backend. */
  readonly imagesAt?: string;
  /** What to know of the store once it serves. */
  readonly advice?: string;
}

/** A kind of store as the Config's CRD and the registry's pods know it; several backends may use one. */
export interface Store<K extends StoreKey = StoreKey> {
  /** Under `spec.storage`. */
  readonly key: K;
  /** For people: `pvc "image-registry-storage"`. */
  describe(asked: NonNullable<Storage[K]>): string;
  /** The store that a pod of the registry uses, or undefined when it is none of this kind. */
  inUse(pod: SeenPod): Storage[K] | undefined;
  /** What a pod needs to use it, where the stack runs the pods itself. @default platform standalone refuses it */
  forPod?(asked: NonNullable<Storage[K]>): PodStorage;
}

export type { Storage };
/** The keys of `spec.storage` in the CRD; its other key, managementState, is no store. */
export type StoreKey = Exclude<keyof Storage, "managementState">;
export type ManagementState = "Managed" | "Unmanaged" | "Removed";
export type RolloutStrategy = "RollingUpdate" | "Recreate";

/** What else is asked of the registry, as far as a store has a say in it. */
export interface Asked {
  /** Where the registry's pods and claims are. */
  readonly namespace: string;
  readonly managementState: ManagementState;
  readonly replicas: number;
  readonly rolloutStrategy: RolloutStrategy;
  /** Where the pods will go. */
  readonly placement: Placement;
}

export interface FoundStorage {
  /** The claims in the registry's namespace. */
  readonly claims: readonly V1PersistentVolumeClaim[];
  /** The volume that the stack wants to make, when it exists already, or the one behind the claim that it names. */
  readonly volume: V1PersistentVolume | undefined;
  /** The cluster's storage classes, where the stack makes a claim of one; none otherwise. */
  readonly classes: readonly V1StorageClass[];
  /** Those that the placement chooses, and those that it names. */
  readonly nodes: readonly V1Node[];
}

export interface Needs {
  readonly volume?: NfsVolume;
  readonly claim?: ClassClaim;
  readonly exportHost?: HostTask<ExportHost>;
  readonly clientHosts?: readonly HostTask<ClientSpec>[];
  readonly s3Keys?: { readonly accessKey: string; readonly secretKey: string };
}

/** A volume on NFS, and the claim that is bound to it: each names the other, and serves nobody else. */
export interface NfsVolume {
  readonly claimName: string;
  readonly volumeName: string;
  /** Kubernetes quantity. */
  readonly size: string;
  readonly accessModes: readonly string[];
  readonly mountOptions: readonly string[];
  readonly nfs: { readonly server: string; readonly path: string };
}

/** A claim for a volume that a storage class provides. */
export interface ClassClaim {
  readonly claimName: string;
  /** @default the cluster's default class */
  readonly storageClassName?: string | undefined;
  /** Kubernetes quantity. @default that of the claim that is there, else 100Gi, as the operator's own */
  readonly size?: string | undefined;
  readonly accessModes: readonly string[];
}

/** The component knows the stack that owns the export. */
export type ExportHost = Omit<ServerSpec, "owner"> & { readonly cluster: string };

/** What is to be done to a host, and how it is reached. */
export type HostTask<Spec> = Spec & {
  readonly connection: SshConnection;
  /** Compare the host with its description on every run. */
  readonly verify: boolean;
  /** Any new text does it again. */
  readonly reapply: string;
};

/** What of a pod shows its store. */
export interface SeenPod {
  /** The volume under the images. */
  readonly volume: V1Volume | undefined;
  /** REGISTRY_STORAGE. */
  readonly driver: string | undefined;
  /** The value of REGISTRY_STORAGE_<name>. */
  readonly setting: (name: string) => string | undefined;
}

export interface PodStorage {
  /** @default none: images are not in the pod's file system */
  readonly volume?: Omit<V1Volume, "name">;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Variables whose values are in the Secret of the name, under the variable's own name. */
  readonly secrets?: { readonly secretName: string; readonly names: readonly string[] };
}

/** Where a pod has its images, by which a running registry's store is recognised. */
export const imageVolume = "registry-storage";
export const imageMount: Pick<V1VolumeMount, "name" | "mountPath"> = {
  name: imageVolume,
  mountPath: "/registry",
};
export const onFileSystem = {
  REGISTRY_STORAGE: "filesystem",
  REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: imageMount.mountPath,
} as const;
