import type { V1ConfigMap, V1Deployment, V1PersistentVolume, V1Pod, V1Secret } from "@kubernetes/client-node";
import type { FoundStorage, Storage } from "../backends/backend";
import type { Configuration } from "../config/schema";
import type { ClusterClient } from "../kubernetes/client";
import type { NamespaceLimits } from "../kubernetes/namespace-limits";
import type { Place } from "../kubernetes/scheduling/pod";
import type { Room } from "../kubernetes/volume-stats";
import type { Finding, Findings } from "./finding";
import type { Move } from "./image-move";
import type { Ailment, Condition, Drift, Lag } from "./observed";
import type { RegistryPlan } from "./plan";

/** Who runs the registry: the cluster's operator, or the stack itself. What returns no promise is pure. */
export interface Platform<K extends PlatformTypes = PlatformTypes> {
  readonly name: K["name"];
  /** What the configuration asks of the registry. */
  plan(config: Configuration): K["plan"];
  /** What the cluster says about its registry now. */
  read(client: ClusterClient, plan: K["plan"]): Promise<K["live"]>;
  /** The part of it that changes while a rollout runs. */
  readRollout(client: ClusterClient, plan: K["plan"]): Promise<K["rollout"]>;
  /** What would break or be lost by the plan, and what is wrong now. */
  preflight(live: K["live"], plan: K["plan"]): Findings;
  /** What others changed that the next up puts right, and what it changes in objects that others made. */
  drift(client: ClusterClient, live: K["live"], plan: K["plan"]): Promise<Drift[]>;
  /** What would be lost by putting the drift back. @default nothing that `preflight` does not tell */
  lostByDrift?(live: K["live"], plan: K["plan"], drift: readonly Drift[]): Finding[];
  /** What of it waits for an up, because the stack asks for something else by now. */
  unapplied(client: ClusterClient, live: K["live"], plan: K["plan"]): Promise<Drift[]>;
  /** What others have changed since this run wrote all that the plan asks for. */
  overruled(client: ClusterClient, live: K["live"], plan: K["plan"]): Promise<Drift[]>;
  /** What stands between the registry and the plan; nothing when it serves. */
  unfinished(seen: K["rollout"], plan: K["plan"]): Lag[];
  conditions(seen: K["rollout"]): Condition[];
  /** What is wrong besides, though it serves what is asked. */
  unwell(live: K["live"]): Ailment[];
  /** Whether the condition is as it is on a registry that does well. */
  isGood(condition: Condition): boolean;
  /** The generations of the objects that say what is asked. */
  generations(seen: K["rollout"]): (number | undefined)[];
  /** What it is asked to be at the moment. */
  managementState(live: K["live"], plan: K["plan"]): string;
  /** Where the registry answers, host or host:port. */
  addresses(live: K["live"], plan: K["plan"]): string[];
  /** The store that the registry is told to use; its pods may not have followed yet. */
  askedStore(live: K["live"]): Storage | undefined;
  /** The images that this run is to take along to another store. @default none */
  move(live: K["live"], plan: K["plan"]): Move | undefined;
  /** What to know of a registry that is up, for people. */
  advice(plan: K["plan"]): string[];
}

/** The types that go together on one platform. */
export interface PlatformTypes {
  readonly name: Configuration["platform"];
  readonly plan: RegistryPlan;
  readonly rollout: Rollout;
  readonly live: LiveRegistry;
}

/** What changes while a rollout runs, and is asked for again and again. */
export interface Rollout {
  readonly deployment: V1Deployment | undefined;
  /** The registry's own pods. */
  readonly pods: V1Pod[];
}

/** What else uses the nodes that the stack is about to taint; read only where it adds or changes a taint. */
export interface Tainted {
  /** A node that takes pods which tolerate nothing, and that the stack leaves alone. */
  readonly nodeForOthers: string | undefined;
  /** The pods on each node that gets a taint with NoExecute; undefined where this user may not see them. */
  readonly pods: ReadonlyMap<string, readonly V1Pod[] | undefined>;
}

/** What a cluster says about its registry at one moment: read on every run, changed or not. */
export interface LiveRegistry extends Rollout, FoundStorage, Place {
  /** What else is on the nodes that this stack is about to taint. @default it taints none */
  readonly tainted: Tainted | undefined;
  /** What is known of the volume of a claim that is yet to be bound. @default nothing */
  readonly volumeToCome?: V1PersistentVolume | undefined;
  /** The volume behind the claim that the pods use now. */
  readonly volumeInUse: V1PersistentVolume | undefined;
  /** Whether images were pushed to the registry; undefined when the cluster cannot tell. */
  readonly holdsImages: boolean | undefined;
  /** The Secret with the keys of s3, where the stack brings any and may see it. */
  readonly s3Keys: V1Secret | undefined;
  /** What the namespace lets in, where this user may see it. */
  readonly limits?: NamespaceLimits | undefined;
  /** Of the claim that the pods use, where a kubelet tells and this user may ask. */
  readonly room: Room | undefined;
  /** Names the stack that this cluster's registry belongs to. */
  readonly owningStack: V1ConfigMap | undefined;
  /** Another text whenever an object that is gone has to be made anew. */
  readonly moment: string;
}
