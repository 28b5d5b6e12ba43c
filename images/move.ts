import type { V1Pod } from "@kubernetes/client-node";
import { imageMount, type Storage } from "../backends/backend";
import { describeStorage } from "../backends/stores";
import { UserError } from "../errors";
import type { ClusterClient } from "../kubernetes/client";
import { isRunning, mainContainer } from "../kubernetes/pods";
import type { Move } from "../platforms/image-move";
import { HeldStore, liftHold } from "./hold";
import { Mover, type StartOptions } from "./mover";
import { mounts } from "./mover-job";
import { Copy } from "./passes";
import { untilSeen } from "./nfs-cache";
import type { StoreAt } from "./store";
import { assertRoom, claimTarget, releaseTarget } from "./target";
import { makeWritable } from "./write-protection";

export interface MoveOptions extends StartOptions {
  readonly client: ClusterClient;
  /** The registry's own pods, as they are now. */
  readonly readPods: () => Promise<readonly V1Pod[]>;
  /** Seconds for each thing that is waited for. */
  readonly timeoutSeconds: number;
  readonly progress: (line: string) => void;
}

/**
 * Copies all images to the new store, and holds pushes from shortly before the end. When it returns, the stores are the
 * same, and stay so until the held pods are gone: the switch may be written. What keeps it from that is an error, and the
 * registry is again as it was, without a hold; the copied part stays, and the next run goes on with it. Returns what the
 * source has wrong, for people.
 */
export async function moveImages(move: Move, options: MoveOptions): Promise<string[]> {
  const { client, readPods, timeoutSeconds } = options;
  const { namespace, from } = move;
  // One that died may have left a hold that nobody looks after.
  await liftHold(namespace, options);
  const pods = servingPods(await readPods(), from);
  const mover = await Mover.start(client, { ...move, sourceClaim: from.pvc?.claim }, options);
  try {
    const faults = await copyAll(move, options, pods, mover);
    // A claim that one pod alone can mount is the new registry's from here on.
    await mover.stop(timeoutSeconds);
    return faults;
  } catch (error) {
    const [lifted] = await Promise.allSettled([liftHold(namespace, options), mover.stop(timeoutSeconds)]);
    if (!(error instanceof UserError)) throw error;
    const held = lifted.status === "rejected" ? ", but pushes may be held still, until the next up" : "";
    throw new UserError(
      `${error.message}\n  the registry serves from ${describeStorage(from)} as before${held}; what was copied to claim ` +
        `${move.targetClaim} stays there, and the next up goes on with it`,
    );
  }
}

async function copyAll(
  move: Move,
  { client, readPods, shellIn, progress }: MoveOptions,
  pods: readonly V1Pod[],
  mover: Mover,
): Promise<string[]> {
  const { from } = move;
  const [pod] = pods;
  const served: StoreAt | undefined = pod && {
    shell: shellIn(pod, mainContainer(pod)),
    root: imageMount.mountPath,
  };
  const target: StoreAt = { shell: mover.shell, root: mounts.target };
  const source = from.emptyDir && served ? served : { shell: mover.shell, root: mounts.source };

  await claimTarget(target, describeSource(from, pods));
  const copy = new Copy({ source, target }, progress);
  await assertRoom(target, await copy.missingBytes());
  await copy.whileServing();

  // A registry without pods takes no pushes.
  if (!served) {
    await copy.whileHeld();
    assertSame(pods, servingPods(await readPods(), from));
    return [...copy.faults];
  }
  const hold = await HeldStore.hold(client, move, served);
  try {
    progress("pushes are held until the registry serves from the new store; pulls go on");
    await untilSeen(source, progress);
    await copy.whileHeld();
    await makeWritable(target);
    assertSame(pods, servingPods(await readPods(), from));
    await hold.keep();
  } finally {
    hold.stop();
  }
  return [...copy.faults];
}

/** After the switch, once only pods of the new store are left: they are what they will be. */
export async function finishMove(namespace: string, options: MoveOptions): Promise<void> {
  const { readPods, shellIn } = options;
  const pod = (await readPods()).find(isRunning);
  if (pod) await releaseTarget({ shell: shellIn(pod, mainContainer(pod)), root: imageMount.mountPath });
  await liftHold(namespace, options);
}

function servingPods(pods: readonly V1Pod[], from: Storage): V1Pod[] {
  const running = pods.filter(isRunning);
  if (from.emptyDir && running.length === 0)
    throw new UserError(`copyImages: no pod of the registry runs, from which the images could be copied`);
  if (from.emptyDir && running.length > 1)
    throw new UserError(`copyImages: ${running.length} pods have an emptyDir each, with images of their own`);
  return running;
}

/** What a copy is a copy of: an emptyDir is another one with every pod. */
function describeSource(from: Storage, [pod]: readonly V1Pod[]): string {
  return from.pvc ? describeStorage(from) : `emptyDir of pod ${pod?.metadata?.name} (${pod?.metadata?.uid})`;
}

function assertSame(before: readonly V1Pod[], now: readonly V1Pod[]): void {
  const uids = (pods: readonly V1Pod[]) => pods.map(({ metadata }) => metadata?.uid ?? "").sort();
  if (uids(before).join() !== uids(now).join())
    throw new UserError("copyImages: the registry's pods were replaced while images were copied");
}
