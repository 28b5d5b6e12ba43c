import { PersistentVolume, PersistentVolumeClaim } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";

export interface RegistryStorageArgs {
  /** Namespace of the claim; the registry's pods run there. */
  readonly namespace: string;
  /** Name of the PersistentVolumeClaim. */
  readonly claimName: string;
  /** Name of the PersistentVolume. @default the claim's name */
  readonly volumeName?: string;
  /** Capacity as a Kubernetes quantity ("100Gi"). NFS does not enforce it. */
  readonly size: string;
  /** The export the volume mounts. */
  readonly nfs: { readonly server: pulumi.Input<string>; readonly path: pulumi.Input<string> };
  /** Mount options, nfs(5). @default ["nfsvers=4.2", "hard"] */
  readonly mountOptions?: readonly string[];
  /** @default ["ReadWriteMany"] */
  readonly accessModes?: readonly string[];
}

// A stable field manager lets a stack made anew take up the objects an earlier one left behind.
const annotations = { "pulumi.com/patchFieldManager": "image-registry-storage" };
const bindTimeout = "2m";

/**
 * The registry's volume on NFS, and the claim bound to it. The two name each other, so that the volume serves no
 * other claim and the claim no other volume. Deleting them never deletes a file on the export (reclaim policy Retain).
 */
export class RegistryStorage extends pulumi.ComponentResource {
  readonly claimName: pulumi.Output<string>;
  readonly volumeName: pulumi.Output<string>;
  /** `status.phase` of the claim: Bound once this component is made. */
  readonly phase: pulumi.Output<string>;

  constructor(
    private readonly name: string,
    args: RegistryStorageArgs,
    private readonly options: pulumi.ComponentResourceOptions = {},
  ) {
    super("image-registry:index:RegistryStorage", name, {}, options);
    const volume = this.volume(args);
    const claim = this.claim(args, volume);
    this.claimName = claim.metadata.name;
    this.volumeName = volume.metadata.name;
    this.phase = claim.status.phase;
    this.registerOutputs({ claimName: this.claimName, volumeName: this.volumeName, phase: this.phase });
  }

  private volume(args: RegistryStorageArgs): PersistentVolume {
    return new PersistentVolume(
      `${this.name}-volume`,
      {
        metadata: { name: args.volumeName ?? args.claimName, annotations },
        spec: {
          capacity: { storage: args.size },
          accessModes: accessModes(args),
          persistentVolumeReclaimPolicy: "Retain",
          // Empty, not absent: an absent class would be the cluster's default, and match no claim of ours.
          storageClassName: "",
          claimRef: {
            apiVersion: "v1",
            kind: "PersistentVolumeClaim",
            namespace: args.namespace,
            name: args.claimName,
          },
          mountOptions: [...(args.mountOptions ?? ["nfsvers=4.2", "hard"])],
          nfs: args.nfs,
        },
      },
      this.childOptions(),
    );
  }

  private claim(args: RegistryStorageArgs, volume: PersistentVolume): PersistentVolumeClaim {
    return new PersistentVolumeClaim(
      `${this.name}-claim`,
      {
        metadata: { name: args.claimName, namespace: args.namespace, annotations },
        spec: {
          accessModes: accessModes(args),
          resources: { requests: { storage: args.size } },
          storageClassName: "",
          volumeName: volume.metadata.name,
        },
      },
      // The provider waits until the claim is Bound.
      { ...this.childOptions(), customTimeouts: { create: bindTimeout } },
    );
  }

  private childOptions(): pulumi.CustomResourceOptions {
    return { parent: this, retainOnDelete: this.options.retainOnDelete };
  }
}

function accessModes(args: RegistryStorageArgs): string[] {
  return [...(args.accessModes ?? ["ReadWriteMany"])];
}
