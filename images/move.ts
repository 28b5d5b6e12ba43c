import type { V1Pod } from "@kubernetes/client-node";
import { imageMount, type Storage } from "../backends/backend";
import { describeStorage, sameStore, storageInPod } from "../backends/stores";
import { UserError } from "../errors";
import { isRunning, mainContainer } from "../kubernetes/pods";
import type { Move } from "../platforms/image-move";
import { assertHoldable, HeldStore, liftHold, liftOwnHold } from "./hold";
import type { MoveOptions } from "./move-options";
import { Mover } from "./mover";
import { mounts, moverName } from "./mover-job";
import { Copy } from "./passes";
import { untilSeen } from "./nfs-cache";
import type { StoreAt } from "./store";
import { assertRoom, claimTarget, releaseTarget } from "./target";
import { isReadOnly, makeWritable } from "./write-protection";

/**
 * Copies all images to the new store, and holds pushes from shortly before the end. When it returns, the stores are the
 * same, and stay so until the held pods are gone: the switch may be written. What keeps it from that is an error, and the
 * registry is again as it was, without a hold; the copied part stays, and the next run goes on with it. Returns what the
 * source has wrong, for people.
 */
export async function moveImages(move: Move, options: MoveOptions): Promise<string[]> {
  const { client, readPods, timeoutSeconds } = options;
  const { namespace, from } = move;
  const pods = servingPods(await readPods(), from);
  // One that died may have left a hold that nobody looks after.
  await liftHold(namespace, options);
  const mover = await Mover.start(client, { ...move, sourceClaim: from.pvc?.claim }, options);
  let hold: HeldStore | undefined;
  try {
    const copied = await copyAll(move, options, pods, mover);
    hold = copied.hold;
    // A claim that one pod alone can mount is the new registry's from here on.
    await mover.stop(timeoutSeconds);
    await hold?.keep();
    assertSame(pods, servingPods(await readPods(), from));
    return copied.faults;
  } catch (error) {
    hold?.stop();
    const isTaken = await mover.isTaken().catch(() => false); // an API server that is away says nothing of it
    const [lifted] = await Promise.allSettled([liftOwnHold(namespace, options), mover.stop(timeoutSeconds)]);
    if (!(error instanceof UserError)) throw error;
    const held = lifted.status === "rejected" ? ", but pushes may be held still, until the next up" : "";
    const why = isTaken
      ? `job ${moverName} was taken away meanwhile, as another up does that copies images: `
      : "";
    throw new UserError(
      `${why}${error.message}\n  the registry serves from ${describeStorage(from)} as before${held}; what was copied to claim ` +
        `${move.targetClaim} stays there, and the next up goes on with it`,
    );
  }
}

async function copyAll(
  move: Move,
  { client, run, shellIn, progress }: MoveOptions,
  pods: readonly V1Pod[],
  mover: Mover,
): Promise<{ faults: string[]; hold: HeldStore | undefined }> {
  const { from } = move;
  const [pod] = pods;
  const inPod: StoreAt | undefined = pod && {
    shell: shellIn(pod, mainContainer(pod)),
    root: imageMount.mountPath,
  };
  const target: StoreAt = { shell: mover.shell, root: mounts.target };
  const source = from.emptyDir && inPod ? inPod : { shell: mover.shell, root: mounts.source };

  // A registry without pods takes no pushes, nor does one whose store is read-only.
  const pushedTo = inPod && !(await isReadOnly(inPod)) ? inPod : undefined;
  if (pushedTo) await assertHoldable(pushedTo);
  await claimTarget(target, describeSource(from, pods));
  const copy = new Copy({ source, target }, progress);
  await assertRoom(target, await copy.neededRoom());
  await copy.whileServing();
  await copy.verifyWhileServing();
  await copy.whileServing();

  const hold = pushedTo && (await HeldStore.hold({ client, run }, move, pushedTo));
  try {
    if (hold) {
      progress("pushes are held until the registry serves from the new store; pulls go on");
      await untilSeen(source, progress);
    }
    await copy.whileHeld();
    await makeWritable(target);
  } catch (error) {
    hold?.stop();
    throw error;
  }
  return { faults: [...copy.faults], hold };
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
  // They take pushes already that a copy of the former store would undo.
  const another = running.find(({ spec }) => !sameStore(storageInPod(spec) ?? {}, from));
  if (another)
    throw new UserError(
      `copyImages: pod ${another.metadata?.name} serves from another store than ${describeStorage(from)} already; ` +
        `wait until one store alone is served, or set the backend back, without copyImages`,
    );
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
