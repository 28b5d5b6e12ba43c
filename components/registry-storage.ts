import type { KubernetesObject } from "@kubernetes/client-node";
import { PersistentVolume, PersistentVolumeClaim } from "@pulumi/kubernetes/core/v1";
import { claimNeedsStep } from "../backends/nfs";
import { reserveVolume } from "../backends/claim-repair";
import type { ClusterConnection } from "../kubernetes/client";
import type { LiveRegistry } from "../platforms/operator/live";
import { madeAnew, madeAnnotation } from "../kubernetes/made-anew";
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
  /**
   * The cluster as it was found: what somebody deleted there by hand is then made anew, and a volume left over from a
   * deleted claim freed. @default none: Pulumi's state is believed
   */
  readonly found?: {
    readonly connection: ClusterConnection;
    readonly live: Pick<LiveRegistry, "claims" | "volume" | "moment">;
  };
}

const fieldManager = "image-registry-storage";
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
    private readonly args: RegistryStorageArgs,
    private readonly options: pulumi.ComponentResourceOptions = {},
  ) {
    super("image-registry:index:RegistryStorage", name, {}, options);
    const reserve = this.reserveHook();
    const volume = this.volume(reserve);
    const claim = this.claim(volume, reserve);
    this.claimName = claim.metadata.name;
    this.volumeName = volume.metadata.name;
    this.phase = claim.status.phase;
    this.registerOutputs({ claimName: this.claimName, volumeName: this.volumeName, phase: this.phase });
  }

  private get volumeObject(): string {
    return this.args.volumeName ?? this.args.claimName;
  }

  private volume(reserve: pulumi.ResourceHook[]): PersistentVolume {
    const { args } = this;
    const live = args.found?.live;
    return new PersistentVolume(
      `${this.name}-volume`,
      {
        metadata: { name: this.volumeObject, annotations: annotations(live?.volume, live?.moment) },
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
      this.childOptions(reserve),
    );
  }

  private claim(volume: PersistentVolume, reserve: pulumi.ResourceHook[]): PersistentVolumeClaim {
    const { args } = this;
    const live = args.found?.live;
    const claim = live?.claims.find(({ metadata }) => metadata?.name === args.claimName);
    const kept = live && claimNeedsStep(live, args) ? undefined : claim;
    return new PersistentVolumeClaim(
      `${this.name}-claim`,
      {
        metadata: {
          name: args.claimName,
          namespace: args.namespace,
          annotations: annotations(kept, live?.moment),
        },
        spec: {
          accessModes: accessModes(args),
          resources: { requests: { storage: args.size } },
          storageClassName: "",
          volumeName: this.volumeObject,
        },
      },
      // The provider waits until the claim is Bound.
      { ...this.childOptions(reserve), dependsOn: [volume], customTimeouts: { create: bindTimeout } },
    );
  }

  private reserveHook(): pulumi.ResourceHook[] {
    const { found, namespace, claimName } = this.args;
    if (!found) return [];
    return [
      new pulumi.ResourceHook(`${this.name}-reserve`, async () => {
        const names = { namespace, claimName, volumeName: this.volumeObject };
        const done = await reserveVolume(found.connection, names, `${fieldManager}-repair`);
        if (done) void pulumi.log.warn(done, this);
      }),
    ];
  }

  private childOptions(reserve: pulumi.ResourceHook[]): pulumi.CustomResourceOptions {
    const { retainOnDelete } = this.options;
    return { parent: this, retainOnDelete, hooks: { beforeCreate: reserve }, ...madeAnew };
  }
}

// A stable field manager lets a stack made anew take up the objects an earlier one left behind.
function annotations(live: KubernetesObject | undefined, moment: string | undefined): Record<string, string> {
  const made = moment === undefined ? {} : madeAnnotation(live, moment);
  return { "pulumi.com/patchFieldManager": fieldManager, ...made };
}

function accessModes(args: RegistryStorageArgs): string[] {
  return [...(args.accessModes ?? ["ReadWriteMany"])];
}
