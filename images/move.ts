import type { V1Pod } from "@kubernetes/client-node";
import { imageMount, type Storage } from "../backends/backend";
import { describeStorage } from "../backends/stores";
import { UserError } from "../errors";
import type { ClusterClient } from "../kubernetes/client";
import type { Move } from "../platforms/image-move";
import { reaches, untilDrained, untilHeld } from "./clients";
import { keepHold, liftHold, setHold } from "./hold";
import { Mover, type StartOptions } from "./mover";
import { mounts } from "./mover-job";
import { Copy } from "./passes";
import type { Shell } from "./shell";
import type { StoreAt } from "./store";
import { assertRoom, claimTarget, releaseTarget } from "./target";

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
  // One that died may have left a hold of which nobody knows since when it holds.
  const found = await readPods();
  await liftHold(client, namespace, found);
  const pods = servingPods(found, from);
  const mover = await Mover.start(client, { ...move, sourceClaim: from.pvc?.claim }, options);
  try {
    const faults = await copyAll(move, options, pods, mover);
    // A claim that one pod alone can mount is the new registry's from here on.
    await mover.stop(timeoutSeconds);
    return faults;
  } catch (error) {
    await Promise.allSettled([lift(move, options), mover.stop(timeoutSeconds)]);
    if (!(error instanceof UserError)) throw error;
    throw new UserError(
      `${error.message}\n  the registry serves from ${describeStorage(from)} as before; what was copied to claim ` +
        `${move.targetClaim} stays there, and the next up goes on with it`,
    );
  }
}

async function lift({ namespace }: Move, { client, readPods }: MoveOptions): Promise<void> {
  await liftHold(client, namespace, await readPods());
}

async function copyAll(
  { namespace, from, port, hasOwnPolicy }: Move,
  { client, readPods, shellIn, progress, timeoutSeconds }: MoveOptions,
  pods: readonly V1Pod[],
  mover: Mover,
): Promise<string[]> {
  const shells = pods.map((pod) => shellIn(pod, containerOf(pod)));
  const target: StoreAt = { shell: mover.shell, root: mounts.target };
  const source: StoreAt = from.pvc
    ? { shell: mover.shell, root: mounts.source }
    : { shell: shells[0]!, root: imageMount.mountPath };

  await claimTarget(target, describeSource(from, pods));
  const copy = new Copy({ source, target }, progress);
  await assertRoom(target, await copy.missingBytes());
  await copy.whileServing();

  // A registry without pods takes no pushes.
  if (pods.length === 0) {
    await copy.whileHeld();
    assertSame(pods, servingPods(await readPods(), from));
    return [...copy.faults];
  }
  await assertReachable(mover.shell, pods, port);
  const hold = await setHold(client, {
    namespace,
    owner: mover.owner,
    pods,
    hasOwnPolicy,
    from: describeStorage(from),
  });
  progress("pushes and pulls are held until the registry serves from the new store");
  await untilHeld(mover.shell, pods, port, Math.min(timeoutSeconds, holdSeconds));
  await untilDrained(shells, port, timeoutSeconds, progress);
  await copy.whileHeld();
  assertSame(pods, servingPods(await readPods(), from));
  await keepHold(client, namespace, hold);
  return [...copy.faults];
}

/** Networks act on a policy within seconds; what has not been held after a minute never will be. */
const holdSeconds = 60;

/** After the switch, once only pods of the new store are left: they are what they will be. */
export async function finishMove(
  namespace: string,
  { client, readPods, shellIn }: Pick<MoveOptions, "client" | "readPods" | "shellIn">,
): Promise<void> {
  const pods = await readPods();
  const pod = pods.find(({ metadata }) => !metadata?.deletionTimestamp);
  if (pod) await releaseTarget({ shell: shellIn(pod, containerOf(pod)), root: imageMount.mountPath });
  await liftHold(client, namespace, pods);
}

function servingPods(pods: readonly V1Pod[], from: Storage): V1Pod[] {
  const running = pods.filter(
    ({ status, metadata }) => status?.phase === "Running" && !metadata?.deletionTimestamp,
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

// What the mover never reached, it cannot see held.
async function assertReachable(shell: Shell, pods: readonly V1Pod[], port: number): Promise<void> {
  for (const pod of pods) {
    if (await reaches(shell, pod, port)) continue;
    throw new UserError(
      `copyImages: the mover cannot connect to pod ${pod.metadata?.name}, so that it cannot see whether pushes are held: a ` +
        `NetworkPolicy of others is against it`,
    );
  }
}

function assertSame(before: readonly V1Pod[], now: readonly V1Pod[]): void {
  const uids = (pods: readonly V1Pod[]) => pods.map(({ metadata }) => metadata?.uid ?? "").sort();
  if (uids(before).join() !== uids(now).join())
    throw new UserError("copyImages: the registry's pods were replaced while images were copied");
}

function containerOf({ spec }: V1Pod): string {
  return spec?.containers[0]?.name ?? "";
}
