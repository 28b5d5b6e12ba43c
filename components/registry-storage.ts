import type { KubernetesObject } from "@kubernetes/client-node";
import { PersistentVolume, PersistentVolumeClaim } from "@pulumi/kubernetes/core/v1";
import type * as pulumi from "@pulumi/pulumi";
import { claimNeedsStep, reserveVolume } from "../backends/nfs-volume";
import { ClusterClient } from "../kubernetes/client";
import { appliedAs, repairManager, storageManager } from "../kubernetes/field-managers";
import type { ClusterConnection } from "../kubernetes/kubeconfig";
import { madeAnew, madeAnnotation } from "../kubernetes/made-anew";
import type { LiveRegistry } from "../platforms/platform";
import { Component } from "./component";

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
  readonly checked?: {
    readonly connection: ClusterConnection;
    readonly live: Pick<LiveRegistry, "claims" | "volume" | "moment">;
  };
}

const bindTimeout = "2m";

/**
 * The registry's volume on NFS, and the claim bound to it. The two name each other, so that the volume serves no
 * other claim and the claim no other volume. Deleting them never deletes a file on the export (reclaim policy Retain).
 *
 * @example
 * const nfs = { server: "nfs.example.com", path: "/srv/registry" };
 * new RegistryStorage("storage", { namespace, claimName: "images", size: "100Gi", nfs }, { provider });
 */
export class RegistryStorage extends Component {
  readonly claimName: pulumi.Output<string>;
  readonly volumeName: pulumi.Output<string>;
  /** `status.phase` of the claim: Bound once this component is made. */
  readonly phase: pulumi.Output<string>;

  constructor(
    name: string,
    private readonly args: RegistryStorageArgs,
    options: pulumi.ComponentResourceOptions = {},
  ) {
    super("RegistryStorage", name, options);
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
    const live = args.checked?.live;
    return new PersistentVolume(
      this.child("volume"),
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
      this.reserved(reserve),
    );
  }

  private claim(volume: PersistentVolume, reserve: pulumi.ResourceHook[]): PersistentVolumeClaim {
    const { args } = this;
    const live = args.checked?.live;
    const claim = live?.claims.find(({ metadata }) => metadata?.name === args.claimName);
    const kept = live && claimNeedsStep(live, args.claimName) ? undefined : claim;
    return new PersistentVolumeClaim(
      this.child("claim"),
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
      { ...this.reserved(reserve), dependsOn: [volume], customTimeouts: { create: bindTimeout } },
    );
  }

  private reserveHook(): pulumi.ResourceHook[] {
    const { checked, namespace, claimName } = this.args;
    if (!checked) return [];
    const names = { namespace, claimName, volumeName: this.volumeObject };
    return [
      this.hook("reserve", async () => {
        const done = await reserveVolume(new ClusterClient(checked.connection), names, repairManager);
        if (done) this.warn(done);
      }),
    ];
  }

  private reserved(reserve: pulumi.ResourceHook[]): pulumi.CustomResourceOptions {
    return this.childOptions({ hooks: { beforeCreate: reserve }, ...madeAnew });
  }
}

// A stable field manager lets a stack made anew take up the objects an earlier one left behind.
function annotations(live: KubernetesObject | undefined, moment: string | undefined): Record<string, string> {
  const made = moment === undefined ? {} : madeAnnotation(live, moment);
  return { ...appliedAs(storageManager), ...made };
}

function accessModes(args: RegistryStorageArgs): string[] {
  return [...(args.accessModes ?? ["ReadWriteMany"])];
}
