import type { V1ConfigMap, V1PersistentVolumeClaim, V1Pod } from "@kubernetes/client-node";
import { imageMount, type Storage } from "../backends/backend";
import { sameStore, storageInPod } from "../backends/stores";
import { UserError } from "../errors";
import { type ClusterClient, unlessForbidden } from "../kubernetes/client";
import { isRunning, mainContainer, runsMainContainer } from "../kubernetes/pods";
import { until } from "../kubernetes/until";
import type { MoveFinding } from "../platforms/finding";
import type { Move } from "../platforms/image-move";
import type { MoveOptions } from "./move-options";
import { Mover } from "./mover";
import { mounts } from "./mover-job";
import type { StoreAt } from "./store";
import { keepProtected, protect, stayProtected, unprotect, whyNotProtectable } from "./write-protection";

/**
 * Nobody pushes to the former store while the last of its images are copied, and until the registry has left it; pulls go on.
 * A ConfigMap says so to whoever looks at the cluster: it is there before the store is protected, and until it no longer is.
 */
export const holdName = "image-registry-hold";
const identity = { apiVersion: "v1", kind: "ConfigMap" } as const;
const heartbeatMilliseconds = 20_000;

/** A hold that is on, or of which nobody has seen the end. */
export interface Hold {
  /** ISO time. */
  readonly since: string;
  /** The store whose images were to move. */
  readonly from: Storage;
  /** The one node that can mount it, where only one can. */
  readonly node?: string | undefined;
}

type HoldOptions = Pick<
  MoveOptions,
  "client" | "run" | "readPods" | "shellIn" | "troublesOf" | "timeoutSeconds"
>;

/** Undefined where there is none, or this user may not ask. */
export async function readHold(client: ClusterClient, namespace: string): Promise<Hold | undefined> {
  const found = await unlessForbidden(findRecord(client, namespace));
  return found && holdIn(found);
}

/** What an up that did not end has left on, for a preview and for status. */
export function leftHold(hold: Hold | undefined): MoveFinding[] {
  return hold ? [{ kind: "pushes are held", since: hold.since, from: hold.from }] : [];
}

/** The hold of a run that lives: it ends by itself some time after the run does, unless it is kept. */
export class HeldStore {
  private readonly heart: NodeJS.Timeout;

  private constructor(
    private readonly store: StoreAt,
    private readonly run: string,
  ) {
    // One that fails is followed by another; what became of the hold is told when it is to be kept.
    this.heart = setInterval(() => void stayProtected(store).catch(() => undefined), heartbeatMilliseconds);
    this.heart.unref();
  }

  /** Whoever calls it lifts the hold (`liftOwnHold`) after an error. */
  static async hold(
    { client, run }: Pick<MoveOptions, "client" | "run">,
    { namespace, from, node }: Move,
    store: StoreAt,
  ): Promise<HeldStore> {
    await client.create<V1ConfigMap>({
      ...identity,
      metadata: { name: holdName, namespace, labels: { "app.kubernetes.io/managed-by": "image-registry" } },
      data: { from: JSON.stringify(from), run, ...(node !== undefined && { node }) },
    });
    const held = new HeldStore(store, run);
    try {
      assertHeld(store, await protect(store, run));
    } catch (error) {
      held.stop();
      throw error;
    }
    return held;
  }

  /** From now on it outlives this run. What was held all the time is held still; one that has ended is an error. */
  async keep(): Promise<void> {
    this.stop();
    if (await keepProtected(this.store, this.run)) return;
    throw new UserError("the hold on pushes ended before the switch; the next up begins again");
  }

  stop(): void {
    clearInterval(this.heart);
  }
}

/** An error where pushes to this store could not be held once its images are copied. */
export async function assertHoldable(store: StoreAt): Promise<void> {
  assertHeld(store, await whyNotProtectable(store));
}

function assertHeld({ shell }: StoreAt, why: string | undefined): void {
  if (why !== undefined) throw new UserError(`pushes cannot be held: in ${shell.place} ${why}`);
}

/**
 * Ends the hold that is on, if one is, whoever's: by a pod of the registry that has the store, else, where that is a
 * claim, by a mover. An emptyDir that no pod has is gone.
 */
export async function liftHold(namespace: string, options: HoldOptions): Promise<void> {
  const record = await findRecord(options.client, namespace);
  if (record) await lift(record, namespace, options);
}

/** Ends the hold of this run; another's is what that one relies on. */
export async function liftOwnHold(namespace: string, options: HoldOptions): Promise<void> {
  const record = await findRecord(options.client, namespace);
  if (record?.data?.["run"] === options.run) await lift(record, namespace, options);
}

async function lift(record: V1ConfigMap, namespace: string, options: HoldOptions): Promise<void> {
  const { client, shellIn } = options;
  const hold = holdIn(record);
  const open = (store: StoreAt) => unprotect(store, record.data?.["run"]);
  const holder = await runningHolder(hold.from, options);
  if (holder) await open({ shell: shellIn(holder, mainContainer(holder)), root: imageMount.mountPath });
  else if (hold.from.pvc) await inClaim(namespace, hold, options, open);
  await client.delete({ ...identity, ...(record.metadata && { metadata: record.metadata }) });
}

/** A pod that ends may still take pushes, and lose them with it. In one whose container does not run, nothing can be done. */
function runningHolder(from: Storage, { readPods, timeoutSeconds }: HoldOptions): Promise<V1Pod | null> {
  let holders: V1Pod[] = [];
  return until(
    async () => {
      const all = (await readPods()).filter(({ spec }) => sameStore(storageInPod(spec) ?? {}, from));
      const crashed = all.filter((pod) => isRunning(pod) && !runsMainContainer(pod));
      holders = all.filter((pod) => !crashed.includes(pod));
      const [stuck] = crashed;
      if (stuck && from.emptyDir)
        throw new UserError(
          `the container of pod ${stuck.metadata?.name}, in which the hold could be lifted, does not run`,
        );
      return holders.find(isRunning) ?? (holders.length === 0 || from.emptyDir ? null : undefined);
    },
    {
      seconds: timeoutSeconds,
      otherwise: () => new UserError(`pod ${holders[0]?.metadata?.name} neither runs nor ends`),
    },
  );
}

/** By a mover that has the claim; nothing where that is gone. */
async function inClaim(
  namespace: string,
  { from, node }: Hold,
  options: HoldOptions,
  open: (store: StoreAt) => Promise<void>,
): Promise<void> {
  const claim = from.pvc?.claim ?? "";
  const { client, readPods, timeoutSeconds } = options;
  const claims = (await client.list<V1PersistentVolumeClaim>("v1", "PersistentVolumeClaim", namespace)) ?? [];
  if (!claims.some(({ metadata }) => metadata?.name === claim)) return;
  const [registry] = await readPods();
  if (!registry?.spec)
    throw new UserError(`no pod of the registry is there, as which claim ${claim} could be mounted`);
  const spec = { namespace, pod: registry.spec, targetClaim: claim, node };
  const mover = await Mover.start(client, spec, options);
  try {
    await open({ shell: mover.shell, root: mounts.target });
  } finally {
    await mover.stop(timeoutSeconds);
  }
}

function findRecord(client: ClusterClient, namespace: string): Promise<V1ConfigMap | undefined> {
  return client.get<V1ConfigMap>(identity.apiVersion, identity.kind, holdName, namespace);
}

function holdIn({ metadata, data }: V1ConfigMap): Hold {
  const since = metadata?.creationTimestamp as unknown as string | undefined;
  const { from, node } = data ?? {};
  return { since: since ?? "", from: storageIn(from), node };
}

function storageIn(written = ""): Storage {
  try {
    const { emptyDir, pvc } = JSON.parse(written) as Storage;
    if (emptyDir) return { emptyDir };
    if (pvc?.claim) return { pvc: { claim: pvc.claim } };
  } catch {
    // Nor is it JSON.
  }
  throw new UserError(
    `ConfigMap ${holdName} does not say which store's pushes are held (data.from: ${JSON.stringify(written)}): this program did not ` +
      `write it so; delete it, and see docs/switching-backends.md for a store that is held`,
  );
}
