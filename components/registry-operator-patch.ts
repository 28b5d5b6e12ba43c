import { CustomResourcePatch } from "@pulumi/kubernetes/apiextensions";
import * as pulumi from "@pulumi/pulumi";
import { s3Secret } from "../backends/s3";
import type { CheckedImages } from "../images/check";
import { ClusterClient } from "../kubernetes/client";
import { patchAnnotations, registryManager, s3Manager } from "../kubernetes/field-managers";
import type { ClusterConnection } from "../kubernetes/kubeconfig";
import { type Checked, checkOn } from "../platforms/check";
import { operator, type OperatorTypes } from "../platforms/operator";
import { conditionsOf } from "../platforms/operator/convergence";
import { takenFrom } from "../platforms/operator/drift";
import { evictForeignFields } from "../platforms/operator/eviction";
import { type Hostnames, readHostnames } from "../platforms/operator/live";
import { patchNotes } from "../platforms/operator/patch-notes";
import { askedSpec } from "../platforms/operator/plan";
import { keptHttpSecret } from "../platforms/operator/http-secret";
import {
  registryApi,
  type RegistryConfig,
  registryName,
  registryNamespace,
} from "../platforms/operator/registry";
import { keysGo, keysNote } from "../platforms/operator/s3-keys";
import { deleteOwnSecret } from "../platforms/own-secret";
import { type PlainPlan, planFor, type RegistryPlan } from "../platforms/plan";
import type { Condition } from "../platforms/observed";
import { waitFor } from "../platforms/wait";
import { Component } from "./component";
import type { ImageMove } from "./image-move";
import { drawHttpSecret } from "./http-secret";

type Seen = Pick<Checked<OperatorTypes>, "live" | "drift" | "findings" | "move">;

export interface RegistryOperatorPatchArgs extends PlainPlan {
  /** The cluster that is looked at; the resource itself goes to the provider's. */
  readonly connection: ClusterConnection;
  /** Seconds the registry may take until it serves what was asked. @default 600 */
  readonly timeoutSeconds?: number | undefined;
  /** The live cluster, already read and found fit for all this. @default it is read and checked here */
  readonly checked?: Seen;
  /** What becomes of the images, already looked at. @default it is looked at here */
  readonly images?: CheckedImages | undefined;
}

/**
 * The cluster's registry as the stack wants it: server-side apply of `configs.imageregistry.operator.openshift.io/cluster`
 * under one field manager. Other managers' storage backends are evicted in one write with our own, and every up ends
 * only when the registry's pods serve what was asked, also when nothing had to change.
 *
 * @example new RegistryOperatorPatch("registry", { connection, storage: { pvc: { claim: "images" } } }, { provider })
 */
export class RegistryOperatorPatch extends Component {
  /** The CR's conditions: after convergence in up, as they are now in preview. */
  readonly conditions: pulumi.Output<Condition[]>;
  /** Where the registry answers, once it does. */
  readonly hostnames: pulumi.Output<Hostnames>;
  /** What the registry's pods sign upload states with. Secret. */
  readonly httpSecret: pulumi.Output<string>;

  private readonly plan: RegistryPlan;
  private readonly checked: Promise<Seen>;
  private readonly move: ImageMove<OperatorTypes>;
  /** When something was last taken from another manager. */
  private takenAt: number | undefined;

  constructor(
    name: string,
    private readonly args: RegistryOperatorPatchArgs,
    options: pulumi.ComponentResourceOptions = {},
  ) {
    super("RegistryOperatorPatch", name, options);
    this.plan = planFor(registryNamespace, args);
    this.checked = args.checked
      ? Promise.resolve(args.checked)
      : checkOn(operator, args.connection, this.plan);
    this.move = this.imageMove(operator, args, this.plan, this.checked);
    this.warnInPreview(this.checked);
    this.httpSecret = this.secret();
    const patch = this.patch();
    const converged = patch.id.apply(() => this.converged());
    this.conditions = converged.conditions;
    this.hostnames = converged.hostnames;
    this.registerOutputs({
      conditions: this.conditions,
      hostnames: this.hostnames,
      httpSecret: this.httpSecret,
    });
  }

  private secret(): pulumi.Output<string> {
    // Ours, because the operator's own would differ after a re-creation.
    const random = drawHttpSecret(this.child("http-secret"), this);
    const kept = pulumi.output(this.checked.then(({ live }) => keptHttpSecret(live)));
    return kept.apply((known) => (known === undefined ? random : pulumi.secret(known)));
  }

  private patch(): CustomResourcePatch {
    const spec = askedSpec(this.plan);
    const evict = this.evictionHook();
    const forget = this.forgettingHook();
    return new CustomResourcePatch(
      this.name,
      {
        apiVersion: registryApi,
        kind: "Config",
        metadata: {
          name: registryName,
          annotations: this.checked.then(({ live, drift }) => ({
            ...patchAnnotations(registryManager),
            ...patchNotes(live.config, spec, drift),
            ...keysNote(live, this.plan),
          })),
        },
        spec: { ...spec, httpSecret: this.httpSecret },
      },
      this.childOptions({
        hooks: {
          beforeCreate: [evict],
          beforeUpdate: [evict],
          afterCreate: [forget],
          afterUpdate: [forget],
          onError: [this.errorHook("refused", (why) => this.move.whenRefused(why))],
        },
        // Also when Removed: to let go of the patch would take replicas and storage, which must be there, out of the CR.
        retainOnDelete: true,
      }),
    );
  }

  private evictionHook(): pulumi.ResourceHook {
    return this.hook("evict", () =>
      this.move.around(async () => {
        const client = new ClusterClient(this.args.connection);
        const config = await client.get<RegistryConfig>(registryApi, "Config", registryName);
        if (!config) return;
        if (takenFrom(config, this.plan).length) this.takenAt = Date.now();
        const evicted = await evictForeignFields(client, config, this.plan);
        if (evicted.length) this.warn(`evicted ${evicted.join(", ")} from the live registry's spec`);
      }),
    );
  }

  private forgettingHook(): pulumi.ResourceHook {
    return this.hook("forget-s3-keys", async () => {
      const { live } = await this.checked;
      if (!keysGo(live, this.plan)) return;
      const client = new ClusterClient(this.args.connection);
      if (await deleteOwnSecret(client, s3Secret.name, registryNamespace, s3Manager))
        this.inform(`deleted Secret ${s3Secret.name}, which held the keys of s3`);
    });
  }

  private async converged(): Promise<{ conditions: Condition[]; hostnames: Hostnames }> {
    const { live } = await this.checked;
    if (pulumi.runtime.isDryRun()) return { conditions: conditionsOf(live), hostnames: live.hostnames };
    const { connection, timeoutSeconds = 600 } = this.args;
    await this.move.beforeWaiting();
    const serving = await waitFor(operator, connection, this.plan, {
      live,
      takenAt: this.takenAt,
      timeoutSeconds,
      progress: (line) => this.inform(line, { passing: true }),
    });
    await this.move.whenConverged();
    const hostnames = await readHostnames(new ClusterClient(connection));
    return { conditions: conditionsOf(serving), hostnames };
  }
}
