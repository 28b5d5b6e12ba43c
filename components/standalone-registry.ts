import { Deployment } from "@pulumi/kubernetes/apps/v1";
import { Secret, Service } from "@pulumi/kubernetes/core/v1";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1";
import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1";
import type { input } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import { unknown } from "@pulumi/pulumi/output";
import { s3Secret } from "../backends/s3";
import type { CheckedImages } from "../images/check";
import { ClusterClient } from "../kubernetes/client";
import { patchAnnotations, s3Manager, standaloneManager } from "../kubernetes/field-managers";
import type { ClusterConnection } from "../kubernetes/kubeconfig";
import { madeAnew, madeAnnotation } from "../kubernetes/made-anew";
import { takeOverSpec } from "../kubernetes/managed-fields";
import { type Checked, checkOn } from "../platforms/check";
import { type PlainPlan, planFor } from "../platforms/plan";
import type { Condition } from "../platforms/observed";
import { standalone, type StandaloneTypes } from "../platforms/standalone";
import { conditionsOf } from "../platforms/standalone/convergence";
import { appliedAnnotation, appliedValue, type StandaloneKind } from "../platforms/standalone/drift";
import { networkPolicySpec } from "../platforms/standalone/network-policy";
import type { AllowFrom, StandalonePlan } from "../platforms/standalone/plan";
import {
  endpointIn,
  httpSecret,
  managedBy,
  selector,
  standaloneName,
} from "../platforms/standalone/registry";
import { budgetSpec, deploymentSpec, serviceSpec } from "../platforms/standalone/workload";
import { deleteOwnSecret } from "../platforms/own-secret";
import { waitFor } from "../platforms/wait";
import { Component } from "./component";
import type { ImageMove } from "./image-move";
import { drawHttpSecret } from "./http-secret";

type Seen = Pick<Checked<StandaloneTypes>, "live" | "drift" | "findings" | "move">;

export interface StandaloneRegistryArgs extends PlainPlan {
  /** The cluster that is looked at; the resources themselves go to the provider's. */
  readonly connection: ClusterConnection;
  /** One that exists. */
  readonly namespace: string;
  /** With its tag or digest. */
  readonly image: string;
  /** Name of a kubernetes.io/tls Secret in the namespace. @default the registry serves plain HTTP */
  readonly tlsSecret?: string | undefined;
  /** Name of a Secret in the namespace whose key `htpasswd` has the users; needs TLS. @default nobody is asked who they are */
  readonly htpasswdSecret?: string | undefined;
  /** Who reaches the registry besides the nodes. @default nobody */
  readonly allowFrom?: AllowFrom;
  /** User and group of the pods. @default what the cluster assigns; where it assigns none, 1000 */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Whether that user is taken on a cluster that assigns one of its own. @default if `owner` is given */
  readonly ownerIsGiven?: boolean;
  /** Seconds the registry may take until it serves what was asked. @default 600 */
  readonly timeoutSeconds?: number | undefined;
  /** The live cluster, already read and found fit for all this. @default it is read and checked here */
  readonly checked?: Seen;
  /** What becomes of the images, already looked at. @default it is looked at here */
  readonly images?: CheckedImages | undefined;
}

/**
 * A registry of the stack's own, for clusters without the registry's operator: Deployment, Service, the secret that its
 * replicas share, and a NetworkPolicy that lets in the nodes and whom it is told. What others change in them by hand is put back, and every up ends only when the pods serve what was
 * asked, also when nothing had to change. Down (Removed) is no pods; destroy then takes the objects away.
 */
export class StandaloneRegistry extends Component {
  /** Where pods reach the registry, host:port; there is none while it is Removed. */
  readonly endpoint: string;
  /** The Deployment's conditions: after the rollout in up, as they are now in preview. */
  readonly conditions: pulumi.Output<Condition[]>;

  private readonly plan: StandalonePlan;
  private readonly checked: Promise<Seen>;
  private readonly move: ImageMove<StandaloneTypes>;
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
    this.move = this.imageMove(standalone, args, this.plan, this.checked);
    this.warnInPreview(this.checked);
    // Before the pods: they are never open. Without pods nobody needs the secret; it goes by name.
    const secrets = this.plan.managementState === "Removed" ? [] : [this.httpSecret()];
    const deployment = this.deployment([...secrets, this.networkPolicy()]);
    const service = this.service();
    const budget = this.disruptionBudget();
    this.endpoint = endpointIn(args.namespace);
    // All are written by then: what still is as it was found would pass for changed back by somebody.
    const written = [deployment.id, service.id, budget.id];
    this.conditions = pulumi.all(written).apply(() => this.converged());
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

  private networkPolicy(): NetworkPolicy {
    const spec = this.checked.then(({ live }) => networkPolicySpec(live.allNodes, this.plan.allowFrom));
    const { annotations, ...metadata } = this.metadata(this.applied("NetworkPolicy", spec));
    // One that is deleted would be missed by nobody, and leave the registry open.
    const made = this.checked.then(({ live }) => ({
      ...annotations,
      ...madeAnnotation(live.networkPolicy, live.moment),
    }));
    return new NetworkPolicy(
      this.child("network-policy"),
      { metadata: { ...metadata, annotations: made }, spec },
      this.childOptions({ ...this.takesOver("networking.k8s.io/v1", "NetworkPolicy"), ...madeAnew }),
    );
  }

  private deployment(dependsOn: pulumi.Resource[]): Deployment {
    const spec = this.checked.then(({ live }) => deploymentSpec(this.plan, live));
    return new Deployment(
      this.name,
      {
        metadata: this.metadata(this.applied("Deployment", spec)),
        // The types of the two Kubernetes libraries differ only in fields that are the server's.
        spec: spec as Promise<input.apps.v1.DeploymentSpec>,
      },
      this.childOptions({ ...this.takesOver("apps/v1", "Deployment"), dependsOn }),
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
    const spec = budgetSpec();
    return new PodDisruptionBudget(
      this.child("budget"),
      { metadata: this.metadata(this.applied("PodDisruptionBudget", Promise.resolve(spec))), spec },
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
  private applied(kind: StandaloneKind, spec: Promise<object>): pulumi.Output<string> {
    const value = this.checked.then(async ({ live, drift }) => {
      const hasDrifted = drift.some((field) => field.kind === kind);
      if (hasDrifted && pulumi.runtime.isDryRun()) return pulumi.output(unknown as unknown as string);
      const objects = {
        Deployment: live.deployment,
        Service: live.service,
        NetworkPolicy: live.networkPolicy,
        PodDisruptionBudget: live.budget,
      };
      const object = objects[kind];
      return pulumi.output(appliedValue(object, await spec, hasDrifted));
    });
    return pulumi.output(value);
  }

  private takesOver(apiVersion: string, kind: string): pulumi.CustomResourceOptions {
    const { connection, namespace } = this.args;
    const object = { apiVersion, kind, name: standaloneName, namespace };
    const takeOver = async () => {
      await takeOverSpec(new ClusterClient(connection), object, standaloneManager);
      const { drift } = await this.checked;
      if (drift.some((field) => field.kind === kind)) this.takenAt = Date.now();
    };
    const hook = this.hook(`take-over-${kind}`, () =>
      kind === "Deployment" ? this.move.around(takeOver) : takeOver(),
    );
    const onError =
      kind === "Deployment" ? [this.errorHook("refused", (why) => this.move.whenRefused(why))] : [];
    return { hooks: { beforeCreate: [hook], beforeUpdate: [hook], onError } };
  }

  private async converged(): Promise<Condition[]> {
    const { live } = await this.checked;
    if (pulumi.runtime.isDryRun()) return conditionsOf(live);
    const { connection, timeoutSeconds = 600 } = this.args;
    await this.move.beforeWaiting();
    const serving = await waitFor(standalone, connection, this.plan, {
      live,
      takenAt: this.takenAt,
      timeoutSeconds,
      progress: (line) => this.inform(line, { passing: true }),
    });
    await this.move.whenConverged();
    await this.forgetSecrets(new ClusterClient(connection));
    return conditionsOf(serving);
  }

  private async forgetSecrets(client: ClusterClient): Promise<void> {
    const { namespace, managementState, backend } = this.plan;
    const isDown = managementState === "Removed";
    const unused = [
      ...(isDown ? [[httpSecret.name, standaloneManager] as const] : []),
      ...(isDown || !backend.needs?.s3Keys ? [[s3Secret.name, s3Manager] as const] : []),
    ];
    for (const [name, fieldManager] of unused)
      if (await deleteOwnSecret(client, name, namespace, fieldManager))
        this.inform(`deleted Secret ${name}, which the registry needs no more`);
  }
}

function standalonePlan({
  namespace,
  image,
  tlsSecret,
  htpasswdSecret,
  allowFrom = { namespaces: [], networks: [] },
  owner,
  ownerIsGiven,
  ...plain
}: StandaloneRegistryArgs) {
  return {
    ...planFor(namespace, plain),
    image,
    tlsSecret,
    htpasswdSecret,
    allowFrom,
    owner: owner ?? { uid: 1000, gid: 1000 },
    ownerIsGiven: ownerIsGiven ?? owner !== undefined,
  };
}
