import { Deployment } from "@pulumi/kubernetes/apps/v1";
import { Secret, Service } from "@pulumi/kubernetes/core/v1";
import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1";
import type { input } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import { unknown } from "@pulumi/pulumi/output";
import { RandomBytes } from "@pulumi/random";
import { ClusterClient } from "../kubernetes/client";
import type { Condition } from "../platforms/operator/convergence";
import type { CheckedStandalone, Wanted } from "../platforms/standalone/checked";
import { standaloneConditions, watchStandalone } from "../platforms/standalone/convergence";
import { appliedAnnotation } from "../platforms/standalone/drift";
import { endpointOf, httpSecret, managedBy, selector, standaloneName } from "../platforms/standalone/plan";
import { takeOverSpec } from "../platforms/standalone/take-over";
import { waitFor } from "../platforms/wait";
import { patchAnnotations, standaloneManager } from "./field-managers";

export interface StandaloneRegistryArgs {
  /** The plan (replicas, storage, image, placement, …) and the live cluster it was checked against. */
  readonly registry: CheckedStandalone;
  /** Seconds the registry may take until it serves what was asked. @default 600 */
  readonly timeoutSeconds?: number;
}

/**
 * A registry of the stack's own, for clusters without the registry's operator: Deployment, Service, the secret that its
 * replicas share. What others change in them by hand is put back, and every up ends only when the pods serve what was
 * asked, also when nothing had to change. Down (Removed) is no pods; destroy then takes the objects away.
 */
export class StandaloneRegistry extends pulumi.ComponentResource {
  /** Where pods reach the registry, host:port; there is none while it is Removed. */
  readonly endpoint: string;
  /** The Deployment's conditions: after the rollout in up, as they are now in preview. */
  readonly conditions: pulumi.Output<Condition[]>;

  constructor(
    private readonly name: string,
    private readonly args: StandaloneRegistryArgs,
    private readonly options: pulumi.ComponentResourceOptions = {},
  ) {
    super("image-registry:index:StandaloneRegistry", name, {}, options);
    if (pulumi.runtime.isDryRun()) this.warn();
    const secret = this.httpSecret();
    const deployment = this.deployment(secret);
    const service = this.service();
    this.disruptionBudget();
    this.endpoint = endpointOf(args.registry.plan);
    this.conditions = pulumi.all([deployment.id, service.id]).apply(() => this.converged());
    this.registerOutputs({ endpoint: this.endpoint, conditions: this.conditions });
  }

  private warn(): void {
    for (const warning of this.args.registry.warnings) void pulumi.log.warn(warning, this);
  }

  // Running pods know the live value: a stack made anew keeps it, instead of a new one that half of the replicas have.
  private httpSecret(): Secret {
    const drawn = new RandomBytes(`${this.name}-http-secret`, { length: 64 }, { parent: this }).hex;
    const { live } = this.args.registry;
    const value = live.httpSecret === undefined ? drawn : pulumi.secret(live.httpSecret);
    return new Secret(
      `${this.name}-http-secret`,
      {
        metadata: { ...this.metadata(), name: httpSecret.name },
        stringData: { [httpSecret.key]: value },
      },
      this.childOptions(),
    );
  }

  private deployment(secret: Secret): Deployment {
    const { spec, ...state } = this.args.registry.deployment;
    return new Deployment(
      this.name,
      // The types of the two Kubernetes libraries differ only in fields that are the server's.
      { metadata: this.metadata(applied(state)), spec: spec as input.apps.v1.DeploymentSpec },
      { ...this.childOptions(), ...this.takesOver("apps/v1", "Deployment"), dependsOn: secret },
    );
  }

  private service(): Service {
    const { spec, ...state } = this.args.registry.service;
    return new Service(
      `${this.name}-service`,
      { metadata: this.metadata(applied(state)), spec },
      { ...this.childOptions(), ...this.takesOver("v1", "Service") },
    );
  }

  // Nodes are drained one pod at a time, and always can be: a budget that allows none would stop them.
  private disruptionBudget(): PodDisruptionBudget {
    return new PodDisruptionBudget(
      `${this.name}-budget`,
      { metadata: this.metadata(), spec: { maxUnavailable: 1, selector: { matchLabels: selector } } },
      this.childOptions(),
    );
  }

  private metadata(applied?: pulumi.Input<string>) {
    const annotations = {
      ...patchAnnotations(standaloneManager),
      // This component waits itself, on unchanged objects too, and knows what the pods say.
      ...(applied !== undefined && { "pulumi.com/skipAwait": "true", [appliedAnnotation]: applied }),
    };
    const { namespace } = this.args.registry.plan;
    return { name: standaloneName, namespace, labels: { ...selector, ...managedBy }, annotations };
  }

  private takesOver(apiVersion: string, kind: string): pulumi.CustomResourceOptions {
    const { connection, plan } = this.args.registry;
    const object = { apiVersion, kind, name: standaloneName, namespace: plan.namespace };
    const hook = new pulumi.ResourceHook(`${this.name}-take-over-${kind}`, () =>
      takeOverSpec(new ClusterClient(connection), object, standaloneManager),
    );
    return { hooks: { beforeCreate: [hook], beforeUpdate: [hook] } };
  }

  private childOptions(): pulumi.CustomResourceOptions {
    return { parent: this, retainOnDelete: this.options.retainOnDelete };
  }

  private async converged(): Promise<Condition[]> {
    const { connection, plan, live } = this.args.registry;
    if (pulumi.runtime.isDryRun()) return standaloneConditions(live);
    const rollout = await waitFor(connection, watchStandalone(plan), {
      timeoutSeconds: this.args.timeoutSeconds ?? 600,
      progress: (line) => void pulumi.log.info(line, this, undefined, true),
    });
    return standaloneConditions(rollout);
  }
}

// What was changed by hand, merged with what is asked, may be refused by the server (a port of one name with two numbers).
// The up takes those fields over first; a preview does not, and with a value unknown the engine does not ask the server.
function applied(wanted: Pick<Wanted<unknown>, "applied" | "hasDrifted">): pulumi.Input<string> {
  return pulumi.runtime.isDryRun() && wanted.hasDrifted
    ? pulumi.output(unknown as unknown as string)
    : wanted.applied;
}
