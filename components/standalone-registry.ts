import { Deployment } from "@pulumi/kubernetes/apps/v1";
import { Secret, Service } from "@pulumi/kubernetes/core/v1";
import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1";
import type { input } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import { unknown } from "@pulumi/pulumi/output";
import { ClusterClient } from "../kubernetes/client";
import { patchAnnotations, standaloneManager } from "../kubernetes/field-managers";
import type { ClusterConnection } from "../kubernetes/kubeconfig";
import { takeOverSpec } from "../kubernetes/managed-fields";
import { type Checked, checkOn } from "../platforms/check";
import { type PlainPlan, planFor } from "../platforms/plan";
import type { Condition } from "../platforms/platform";
import { standalone, type StandaloneTypes } from "../platforms/standalone";
import { conditionsOf } from "../platforms/standalone/convergence";
import { appliedAnnotation, appliedValue } from "../platforms/standalone/drift";
import type { StandalonePlan } from "../platforms/standalone/plan";
import {
  endpointIn,
  httpSecret,
  managedBy,
  selector,
  standaloneName,
} from "../platforms/standalone/registry";
import { budgetSpec, deploymentSpec, serviceSpec } from "../platforms/standalone/workload";
import { waitFor } from "../platforms/wait";
import { Component } from "./component";
import { drawHttpSecret } from "./http-secret";

type Seen = Pick<Checked<StandaloneTypes>, "live" | "drift" | "findings">;

export interface StandaloneRegistryArgs extends PlainPlan {
  /** The cluster that is looked at; the resources themselves go to the provider's. */
  readonly connection: ClusterConnection;
  /** One that exists. */
  readonly namespace: string;
  /** With its tag or digest. */
  readonly image: string;
  /** Name of a kubernetes.io/tls Secret in the namespace. @default the registry serves plain HTTP */
  readonly tlsSecret?: string | undefined;
  /** User and group of the pods. @default what the cluster assigns; where it assigns none, 1000 */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Whether that user is taken on a cluster that assigns one of its own. @default if `owner` is given */
  readonly ownerIsGiven?: boolean;
  /** Seconds the registry may take until it serves what was asked. @default 600 */
  readonly timeoutSeconds?: number | undefined;
  /** The live cluster, already read and found fit for all this. @default it is read and checked here */
  readonly checked?: Seen;
}

/**
 * A registry of the stack's own, for clusters without the registry's operator: Deployment, Service, the secret that its
 * replicas share. What others change in them by hand is put back, and every up ends only when the pods serve what was
 * asked, also when nothing had to change. Down (Removed) is no pods; destroy then takes the objects away.
 */
export class StandaloneRegistry extends Component {
  /** Where pods reach the registry, host:port; there is none while it is Removed. */
  readonly endpoint: string;
  /** The Deployment's conditions: after the rollout in up, as they are now in preview. */
  readonly conditions: pulumi.Output<Condition[]>;

  private readonly plan: StandalonePlan;
  private readonly checked: Promise<Seen>;
  /** When something was last taken from another manager. */
  private takenAt: number | undefined;

  constructor(
    name: string,
    private readonly args: StandaloneRegistryArgs,
    options: pulumi.ComponentResourceOptions = {},
  ) {
    super("StandaloneRegistry", name, options);
    this.plan = standalonePlan(args);
    this.checked = args.checked
      ? Promise.resolve(args.checked)
      : checkOn(standalone, args.connection, this.plan);
    this.warnInPreview(this.checked);
    const secret = this.httpSecret();
    const deployment = this.deployment(secret);
    const service = this.service();
    this.disruptionBudget();
    this.endpoint = endpointIn(args.namespace);
    this.conditions = pulumi.all([deployment.id, service.id]).apply(() => this.converged());
    this.registerOutputs({ endpoint: this.endpoint, conditions: this.conditions });
  }

  // Running pods know the live value: a stack made anew keeps it, instead of a new one that half of the replicas have.
  private httpSecret(): Secret {
    const drawn = drawHttpSecret(this.child("http-secret"), this);
    const known = pulumi.output(this.checked.then(({ live }) => live.httpSecret));
    const value = known.apply((secret) => (secret === undefined ? drawn : pulumi.secret(secret)));
    return new Secret(
      this.child("http-secret"),
      {
        metadata: { ...this.metadata(), name: httpSecret.name },
        stringData: { [httpSecret.key]: value },
      },
      this.childOptions(),
    );
  }

  private deployment(secret: Secret): Deployment {
    const spec = this.checked.then(({ live }) => deploymentSpec(this.plan, live));
    return new Deployment(
      this.name,
      {
        metadata: this.metadata(this.applied("Deployment", spec)),
        // The types of the two Kubernetes libraries differ only in fields that are the server's.
        spec: spec as Promise<input.apps.v1.DeploymentSpec>,
      },
      this.childOptions({ ...this.takesOver("apps/v1", "Deployment"), dependsOn: secret }),
    );
  }

  private service(): Service {
    const spec = serviceSpec();
    return new Service(
      this.child("service"),
      { metadata: this.metadata(this.applied("Service", Promise.resolve(spec))), spec },
      this.childOptions(this.takesOver("v1", "Service")),
    );
  }

  private disruptionBudget(): PodDisruptionBudget {
    return new PodDisruptionBudget(
      this.child("budget"),
      { metadata: this.metadata(), spec: budgetSpec() },
      this.childOptions(this.takesOver("policy/v1", "PodDisruptionBudget")),
    );
  }

  private metadata(applied?: pulumi.Input<string>) {
    const annotations = {
      ...patchAnnotations(standaloneManager),
      // This component waits itself, on unchanged objects too, and knows what the pods say.
      ...(applied !== undefined && { "pulumi.com/skipAwait": "true", [appliedAnnotation]: applied }),
    };
    const { namespace } = this.args;
    return { name: standaloneName, namespace, labels: { ...selector, ...managedBy }, annotations };
  }

  // What was changed by hand, merged with what is asked, may be refused by the server (a port of one name with two
  // numbers). The up takes those fields over first; a preview does not, and with a value unknown the engine does not ask
  // the server.
  private applied(kind: "Deployment" | "Service", spec: Promise<object>): pulumi.Output<string> {
    const value = this.checked.then(async ({ live, drift }) => {
      const hasDrifted = drift.some((field) => field.kind === kind);
      if (hasDrifted && pulumi.runtime.isDryRun()) return pulumi.output(unknown as unknown as string);
      const object = kind === "Deployment" ? live.deployment : live.service;
      return pulumi.output(appliedValue(object, await spec, hasDrifted));
    });
    return pulumi.output(value);
  }

  private takesOver(apiVersion: string, kind: string): pulumi.CustomResourceOptions {
    const { connection, namespace } = this.args;
    const object = { apiVersion, kind, name: standaloneName, namespace };
    const hook = this.hook(`take-over-${kind}`, async () => {
      await takeOverSpec(new ClusterClient(connection), object, standaloneManager);
      const { drift } = await this.checked;
      if (drift.some((field) => field.kind === kind)) this.takenAt = Date.now();
    });
    return { hooks: { beforeCreate: [hook], beforeUpdate: [hook] } };
  }

  private async converged(): Promise<Condition[]> {
    const { live } = await this.checked;
    if (pulumi.runtime.isDryRun()) return conditionsOf(live);
    const { connection, timeoutSeconds = 600 } = this.args;
    const serving = await waitFor(standalone, connection, this.plan, {
      live,
      takenAt: this.takenAt,
      timeoutSeconds,
      progress: (line) => this.inform(line, { passing: true }),
    });
    return conditionsOf(serving);
  }
}

function standalonePlan({
  namespace,
  image,
  tlsSecret,
  owner,
  ownerIsGiven,
  ...plain
}: StandaloneRegistryArgs) {
  return {
    ...planFor(namespace, plain),
    image,
    tlsSecret,
    owner: owner ?? { uid: 1000, gid: 1000 },
    ownerIsGiven: ownerIsGiven ?? owner !== undefined,
  };
}
