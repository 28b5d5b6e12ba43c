import { CustomResourcePatch } from "@pulumi/kubernetes/apiextensions";
import * as pulumi from "@pulumi/pulumi";
import { RandomBytes } from "@pulumi/random";
import { type AskedSpec, askedSpec } from "../platforms/operator/asked-spec";
import { type CheckedRegistry, evictForeignFields } from "../platforms/operator/checked";
import { ClusterClient } from "../kubernetes/client";
import { type Condition, conditionsOf } from "../platforms/operator/convergence";
import { type Drift, firstChanges } from "../platforms/operator/drift";
import { emptyDirRollout } from "../platforms/operator/expected-deployment";
import { foreignFields, madeAnewByOperator } from "../platforms/operator/foreign-fields";
import { type Hostnames, readHostnames } from "../platforms/operator/live";
import { appliedBy, ownedBy } from "../kubernetes/managed-fields";
import { registryApi, registryName, type Storage } from "../platforms/operator/registry";
import { deleteS3Keys, s3Secret } from "../platforms/operator/s3-keys";
import type { RegistrySettings } from "../platforms/operator/settings";
import { waitUntilConverged } from "../platforms/wait";
import { evictionManager, patchAnnotations, registryManager } from "./field-managers";
import { patchNotes } from "./patch-notes";

export interface RegistryOperatorPatchArgs {
  /** The plan (managementState, replicas, rolloutStrategy, storage, placement) and the live cluster it was checked against. */
  readonly registry: CheckedRegistry;
  /** Other fields of the CR. @default none: the operator's or another manager's values stay */
  readonly settings?: RegistrySettings;
  /** Seconds the registry may take until it serves what was asked. @default 600 */
  readonly timeoutSeconds?: number;
}

/**
 * The cluster's registry as the stack wants it: server-side apply of `configs.imageregistry.operator.openshift.io/cluster`
 * under one field manager. Other managers' storage backends are evicted in one write with our own, and every up ends
 * only when the registry's pods serve what was asked, also when nothing had to change.
 */
export class RegistryOperatorPatch extends pulumi.ComponentResource {
  /** The CR's conditions: after convergence in up, as they are now in preview. */
  readonly conditions: pulumi.Output<Condition[]>;
  /** Where the registry answers, once it does. */
  readonly hostnames: pulumi.Output<Hostnames>;
  /** What the registry's pods sign upload states with. Secret. */
  readonly httpSecret: pulumi.Output<string>;

  constructor(
    private readonly name: string,
    private readonly args: RegistryOperatorPatchArgs,
    options: pulumi.ComponentResourceOptions = {},
  ) {
    super("image-registry:index:RegistryOperatorPatch", name, {}, options);
    if (pulumi.runtime.isDryRun()) this.warn();
    this.warnOfLoss();
    this.httpSecret = this.secretOf(this.randomSecret());
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

  private get settings(): RegistrySettings {
    return this.args.settings ?? {};
  }

  private warn(): void {
    const { warnings, live } = this.args.registry;
    // Another stack's would have ended the run.
    const anew = madeAnewByOperator(live.config, { owned: live.owningStack !== undefined });
    const foreign = this.foreign().map(({ described }) => described);
    for (const change of firstChanges(live.config, registryManager, this.spec))
      void pulumi.log.info(change, this);
    for (const warning of [anew, ...foreign, ...warnings].filter((text) => text !== undefined))
      void pulumi.log.warn(warning, this);
  }

  private warnOfLoss(): void {
    const { live } = this.args.registry;
    const rolled = emptyDirRollout(live, {
      ...live.config.spec,
      ...this.spec,
      httpSecret: this.keepsSecret ? live.config.spec.httpSecret : "another",
    });
    if (rolled !== undefined) void pulumi.log.warn(rolled, this);
  }

  private randomSecret(): pulumi.Output<string> {
    // Replicas sign upload states for each other with it; the operator's own would differ after a re-creation.
    return new RandomBytes(`${this.name}-http-secret`, { length: 64 }, { parent: this }).hex;
  }

  private secretOf(random: pulumi.Output<string>): pulumi.Output<string> {
    const { httpSecret } = this.args.registry.live.config.spec;
    return this.keepsSecret && httpSecret ? pulumi.secret(httpSecret) : random;
  }

  // Whoever made it: pods that know it need not roll for another, which in an emptyDir would cost them the images.
  private get keepsSecret(): boolean {
    const { config, deployment } = this.args.registry.live;
    if (!config.spec.httpSecret) return false;
    if (appliedBy(config, registryManager)) return ownedBy(config, registryManager, ["spec", "httpSecret"]);
    return deployment !== undefined;
  }

  private get spec(): AskedSpec {
    return askedSpec(this.args.registry.plan, this.settings);
  }

  private patch(): CustomResourcePatch {
    const { storage } = this.args.registry.plan;
    const evict = this.evictionHook(storage);
    const forget = this.leavesS3 ? [this.forgettingHook()] : [];
    return new CustomResourcePatch(
      this.name,
      {
        apiVersion: registryApi,
        kind: "Config",
        metadata: {
          name: registryName,
          annotations: {
            ...patchAnnotations(registryManager),
            ...patchNotes(this.args.registry.live.config, this.spec, this.foreign()),
          },
        },
        spec: { ...this.spec, httpSecret: this.httpSecret },
      },
      {
        parent: this,
        hooks: { beforeCreate: [evict], beforeUpdate: [evict], afterCreate: forget, afterUpdate: forget },
        // Also when Removed: to let go of the patch would take replicas and storage, which must be there, out of the CR.
        retainOnDelete: true,
      },
    );
  }

  private evictionHook(storage: Storage): pulumi.ResourceHook {
    return new pulumi.ResourceHook(`${this.name}-evict`, async () => {
      const { connection } = this.args.registry;
      const evicted = await evictForeignFields(connection, storage, this.settings, evictionManager);
      if (evicted.length)
        void pulumi.log.warn(`evicted ${evicted.join(", ")} from the live registry's spec`, this);
    });
  }

  /** Whether the registry had its images in s3 until now, and its keys need no longer be there. */
  private get leavesS3(): boolean {
    const { live, plan } = this.args.registry;
    const stays = plan.storage.s3 !== undefined && plan.managementState !== "Removed";
    return live.config.spec.storage?.s3 !== undefined && !stays;
  }

  private forgettingHook(): pulumi.ResourceHook {
    return new pulumi.ResourceHook(`${this.name}-forget-s3-keys`, async () => {
      if (await deleteS3Keys(this.args.registry.connection))
        void pulumi.log.info(`deleted Secret ${s3Secret}, which held the keys of s3`, this);
    });
  }

  private foreign(): Drift[] {
    return foreignFields(this.args.registry.live.config, this.spec, this.settings);
  }

  private async converged(): Promise<{ conditions: Condition[]; hostnames: Hostnames }> {
    const { connection, live } = this.args.registry;
    if (pulumi.runtime.isDryRun())
      return { conditions: conditionsOf(live.config), hostnames: live.hostnames };
    const { config } = await waitUntilConverged(connection, {
      timeoutSeconds: this.args.timeoutSeconds ?? 600,
      progress: (line) => void pulumi.log.info(line, this, undefined, true),
    });
    const hostnames = await readHostnames(new ClusterClient(connection));
    return { conditions: conditionsOf(config), hostnames };
  }
}
