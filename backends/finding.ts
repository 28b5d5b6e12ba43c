/**
 * What a cluster has against the store that is asked, or what an up is about to do for it. Data: platforms/text/stores.ts
 * says it in words, and `field` is the key of the configuration that it is about.
 */
export type StoreFinding =
  OthersClaimFinding | ClassClaimFinding | NfsVolumeFinding | NfsClaimFinding | NfsClientFinding;

/** Of a claim that somebody else made. */
export type OthersClaimFinding = { readonly claim: string } & (
  | {
      readonly kind: "claim is missing";
      readonly field: "pvc.claim";
      readonly namespace: string;
      readonly there: readonly string[];
    }
  | { readonly kind: "claim goes"; readonly field: "pvc.claim" }
  | { readonly kind: "claim is lost"; readonly field: "pvc.claim" }
  /** Without a class it waits for a volume that somebody makes. */
  | {
      readonly kind: "claim is pending";
      readonly field: "pvc.claim";
      readonly namespace: string;
      readonly storageClass?: { readonly name: string; readonly isFound: boolean } | undefined;
    }
  | { readonly kind: "claim's modes do not do"; readonly field: "pvc.claim"; readonly is: readonly string[] }
  /** It is ReadWriteOnce. */
  | { readonly kind: "claim serves one"; readonly field: "replicas"; readonly asked: number }
  | { readonly kind: "claim needs Recreate"; readonly field: "rolloutStrategy"; readonly asked: string }
);

/** Of the claim that the stack makes of a storage class. */
export type ClassClaimFinding = { readonly claim: string } & (
  | {
      readonly kind: "class deletes volumes";
      readonly field: "pvc.storageClassName";
      readonly storageClass: string;
      readonly policy: string;
    }
  /** Asked is none where the cluster's default is meant. */
  | {
      readonly kind: "class is missing";
      readonly field: "pvc.storageClassName";
      readonly asked: string | undefined;
      readonly there: readonly string[];
    }
  | {
      readonly kind: "class has disks";
      readonly field: "pvc.accessModes";
      readonly storageClass: string;
      readonly provisioner: string;
    }
  | { readonly kind: "own claim goes"; readonly field: "pvc.claim" }
  | { readonly kind: "own claim is lost"; readonly field: "pvc.claim" }
  | {
      readonly kind: "own claim's class differs";
      readonly field: "pvc.storageClassName";
      readonly is: string;
      readonly asked: string;
    }
  | ({ readonly kind: "own claim's modes differ"; readonly field: "pvc.accessModes" } & Modes)
  | ({ readonly kind: "own claim would shrink"; readonly field: "pvc.size" } & Sizes)
  | ({
      readonly kind: "own claim cannot grow";
      readonly field: "pvc.size";
      readonly storageClass: string;
    } & Sizes)
);

interface Modes {
  readonly is: readonly string[];
  readonly asked: readonly string[];
}

/** Kubernetes quantities. */
interface Sizes {
  readonly is: string;
  readonly asked: string;
}

/** server:/path */
export interface Export {
  readonly server: string;
  readonly path: string;
}

/** Of the volume that the stack makes on an export. */
export type NfsVolumeFinding = { readonly volume: string } &
  /** It is none where the volume is not on NFS. */
  (
    | {
        readonly kind: "volume is elsewhere";
        readonly field: "nfs";
        readonly is: Export | undefined;
        readonly asked: Export;
      }
    | { readonly kind: "volume is read-only"; readonly field: "nfs.volumeName" }
    | { readonly kind: "volume is a block device"; readonly field: "nfs.volumeName" }
    | {
        readonly kind: "volume is reserved";
        readonly field: "nfs.volumeName";
        readonly is: ClaimName;
        readonly asked: ClaimName;
      }
    | { readonly kind: "volume goes"; readonly field: "nfs.volumeName" }
    | {
        readonly kind: "volume goes with its claim";
        readonly field: "nfs";
        readonly claim: string;
        readonly images: Export;
      }
    /** Of a claim that was deleted; the up frees it. */
    | {
        readonly kind: "volume is left over";
        readonly field: "nfs";
        readonly phase: string | undefined;
        readonly claim: string;
        readonly images: Export;
      }
    | {
        readonly kind: "mount options are unseen";
        readonly field: "nfs.mountOptions";
        readonly is: readonly string[];
        readonly asked: readonly string[];
      }
  );

interface ClaimName {
  readonly namespace: string;
  readonly name: string;
}

/** Of the claim that the stack binds to that volume. */
export type NfsClaimFinding = { readonly claim: string } & (
  | {
      readonly kind: "nfs claim is bound elsewhere";
      readonly field: "nfs.claimName";
      /** Names of volumes. */
      readonly is: string;
      readonly asked: string;
    }
  | { readonly kind: "nfs claim goes"; readonly field: "nfs.claimName"; readonly images: Export }
  | { readonly kind: "nfs claim has a class"; readonly field: "nfs.claimName"; readonly is: string }
  | { readonly kind: "nfs claim is a block device"; readonly field: "nfs.claimName" }
  | ({ readonly kind: "nfs claim's modes differ"; readonly field: "nfs.accessModes" } & Modes)
  | ({ readonly kind: "nfs claim's size differs"; readonly field: "nfs.size" } & Sizes)
  /** The up gives it its volume again. */
  | {
      readonly kind: "nfs claim is lost";
      readonly field: "nfs";
      readonly volume: string;
      readonly images: Export;
    }
);

/** Nodes that the export refuses. */
export interface NfsClientFinding {
  readonly kind: "nodes are no clients";
  readonly field: "nfs.host.clients";
  readonly nodes: readonly { readonly name: string; readonly addresses: readonly string[] }[];
  readonly clients: readonly string[];
}
