import type { KubernetesObject } from "@kubernetes/client-node";
import { PersistentVolume, PersistentVolumeClaim } from "@pulumi/kubernetes/core/v1";
import type * as pulumi from "@pulumi/pulumi";
import { claimNeedsStep, claimSpec, reserveVolume, volumeSpec } from "../backends/nfs-volume";
import { ClusterClient } from "../kubernetes/client";
import { appliedOver, repairManager, storageManager } from "../kubernetes/field-managers";
import type { ClusterConnection } from "../kubernetes/kubeconfig";
import { madeAnew, madeAnnotation } from "../kubernetes/made-anew";
import { takenNote } from "../platforms/field-drift";
import type { Drift } from "../platforms/observed";
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
    /** What others changed in the volume is then put back. */
    readonly drift?: readonly Drift[];
  };
}

const bindTimeout = "2m";

/**
 * The registry's volume on NFS, and the claim bound to it. The two name each other, so that the volume serves no
 * other claim and the claim no other volume. They outlive their stack, and no file on the export goes with them.
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

  private readonly wanted;

  constructor(
    name: string,
    private readonly args: RegistryStorageArgs,
    options: pulumi.ComponentResourceOptions = {},
  ) {
    super("RegistryStorage", name, options);
    const { volumeName = args.claimName, accessModes = ["ReadWriteMany"] } = args;
    this.wanted = { mountOptions: ["nfsvers=4.2", "hard"], ...args, volumeName, accessModes };
    const reserve = this.reserveHook();
    const volume = this.volume(reserve);
    const claim = this.claim(volume, reserve);
    this.claimName = claim.metadata.name;
    this.volumeName = volume.metadata.name;
    this.phase = claim.status.phase;
    this.registerOutputs({ claimName: this.claimName, volumeName: this.volumeName, phase: this.phase });
  }

  private volumeAnnotations(): Record<string, string> {
    const { live, drift = [] } = this.args.checked ?? {};
    const found = live?.volume && { ...live.volume, kind: "PersistentVolume" };
    const taken = found ? takenNote(found, drift) : {};
    const hasDrifted = drift.some(({ kind }) => kind === found?.kind);
    return { ...appliedOver(found, storageManager, hasDrifted), ...made(found, live?.moment), ...taken };
  }

  private volume(reserve: pulumi.ResourceHook[]): PersistentVolume {
    const { args, wanted } = this;
    return new PersistentVolume(
      this.child("volume"),
      {
        metadata: { name: wanted.volumeName, annotations: this.volumeAnnotations() },
        spec: { ...volumeSpec(wanted, args.namespace), nfs: args.nfs },
      },
      this.reserved(reserve),
    );
  }

  private claim(volume: PersistentVolume, reserve: pulumi.ResourceHook[]): PersistentVolumeClaim {
    const { args, wanted } = this;
    const live = args.checked?.live;
    const claim = live?.claims.find(({ metadata }) => metadata?.name === args.claimName);
    const kept = live && claimNeedsStep(live, args.claimName) ? undefined : claim;
    return new PersistentVolumeClaim(
      this.child("claim"),
      {
        metadata: {
          name: args.claimName,
          namespace: args.namespace,
          annotations: { ...appliedOver(claim, storageManager), ...made(kept, live?.moment) },
        },
        spec: claimSpec(wanted),
      },
      // The provider waits until the claim is Bound.
      { ...this.reserved(reserve), dependsOn: [volume], customTimeouts: { create: bindTimeout } },
    );
  }

  private reserveHook(): pulumi.ResourceHook[] {
    const { checked, namespace, claimName } = this.args;
    if (!checked) return [];
    const names = { namespace, claimName, volumeName: this.wanted.volumeName };
    return [
      this.hook("reserve", async () => {
        const done = await reserveVolume(new ClusterClient(checked.connection), names, repairManager);
        if (done === "freed") this.warn(`freed volume "${names.volumeName}" of a claim that was deleted`);
        if (done === "given back")
          this.warn(`gave volume "${names.volumeName}" back to claim "${claimName}"`);
      }),
    ];
  }

  private reserved(reserve: pulumi.ResourceHook[]): pulumi.CustomResourceOptions {
    // Also of a registry that is down: destroy runs no program that could see whether somebody has brought it up again, or
    // given the volume a policy by which the images go with the claim.
    return this.childOptions({ hooks: { beforeCreate: reserve }, ...madeAnew, retainOnDelete: true });
  }
}

function made(live: KubernetesObject | undefined, moment: string | undefined): Record<string, string> {
  return moment === undefined ? {} : madeAnnotation(live, moment);
}
