import { PassThrough } from "node:stream";
import type { CoreV1Event, V1Job, V1Pod } from "@kubernetes/client-node";
import { UserError } from "../errors";
import { type ClusterClient, unlessForbidden } from "../kubernetes/client";
import { isRunning } from "../kubernetes/pods";
import { until } from "../kubernetes/until";
import { containerName, jobIdentity, mounts, moverJob, moverName, type MoverSpec } from "./mover-job";
import type { Shell } from "./shell";

const heartbeatMilliseconds = 20_000;

export interface StartOptions {
  readonly shellIn: (pod: V1Pod, container: string) => Shell;
  /** What pods that do not run say of themselves, for people. */
  readonly troublesOf: (pods: readonly V1Pod[]) => string[];
  /** Seconds until the mover must run. */
  readonly timeoutSeconds: number;
}

export class Mover {
  private heart: NodeJS.Timeout | undefined;
  private isStopped = false;

  private constructor(
    private readonly client: ClusterClient,
    readonly job: V1Job,
    readonly shell: Shell,
  ) {}

  get owner(): { name: string; uid: string } {
    return { name: moverName, uid: this.job.metadata?.uid ?? "" };
  }

  /** Makes it, waits until it runs, and keeps it from ending by itself. */
  static async start(client: ClusterClient, spec: MoverSpec, options: StartOptions): Promise<Mover> {
    const { shellIn, timeoutSeconds } = options;
    await removeMover(client, spec.namespace, timeoutSeconds);
    const job = await client.create<V1Job>(moverJob(spec));
    const { uid } = job.metadata ?? {};
    const pod = await runningPod(client, spec.namespace, options).catch(async (error: unknown) => {
      // A pod that never runs never ends by itself.
      await removeMover(client, spec.namespace, timeoutSeconds, uid).catch(() => undefined);
      throw error;
    });
    const mover = new Mover(client, job, shellIn(pod, containerName));
    mover.heart = setInterval(() => {
      // One that fails is followed by another; the mover's end is told by what is asked of it.
      mover.shell
        .run(`touch ${mounts.scratch}/alive`, { stdout: new PassThrough().resume() })
        .catch(() => undefined);
    }, heartbeatMilliseconds);
    mover.heart.unref();
    return mover;
  }

  /** Whether somebody else has taken it away: an up that begins takes the mover of one that is under way for what is left of a dead one. */
  async isTaken(): Promise<boolean> {
    if (this.isStopped) return false;
    const { namespace, uid } = this.job.metadata ?? {};
    const found = await this.client.get<V1Job>(
      jobIdentity.apiVersion,
      jobIdentity.kind,
      moverName,
      namespace,
    );
    return found?.metadata?.uid !== uid;
  }

  /** Takes it away, and returns when its claims are free for others. */
  async stop(timeoutSeconds: number): Promise<void> {
    clearInterval(this.heart);
    this.isStopped = true;
    const { namespace = "", uid } = this.job.metadata ?? {};
    await removeMover(this.client, namespace, timeoutSeconds, uid);
  }
}

const podSelector = { labelSelector: `job-name=${moverName}` };

/** The one of this uid, and not that of another run that has taken its place. @default whichever there is */
async function removeMover(
  client: ClusterClient,
  namespace: string,
  timeoutSeconds: number,
  uid?: string,
): Promise<void> {
  const find = async () => {
    const found = await client.get<V1Job>(jobIdentity.apiVersion, jobIdentity.kind, moverName, namespace);
    return uid === undefined || found?.metadata?.uid === uid ? found : null;
  };
  const found = await find();
  if (found === null) return;
  if (found) await client.delete({ ...found, ...jobIdentity });
  await until(
    async () => {
      const job = await find();
      if (job === null) return true;
      const pods = (await client.list<V1Pod>("v1", "Pod", namespace, podSelector)) ?? [];
      return !job && pods.length === 0 ? true : undefined;
    },
    {
      seconds: timeoutSeconds,
      otherwise: () => new UserError(`job ${moverName} of an earlier up does not go away`),
    },
  );
}

async function runningPod(
  client: ClusterClient,
  namespace: string,
  { troublesOf, timeoutSeconds }: StartOptions,
): Promise<V1Pod> {
  let pods: V1Pod[] = [];
  let events: CoreV1Event[] = [];
  const failure = (why: string, told: readonly string[]) =>
    new UserError([`the pod that moves images ${why}`, ...new Set(told)].join("\n  "));
  return until(
    async () => {
      pods = (await client.list<V1Pod>("v1", "Pod", namespace, podSelector)) ?? [];
      const ended = pods.find(({ status }) => status?.phase === "Failed")?.status;
      const state = ended?.containerStatuses?.[0]?.state?.terminated;
      const { reason = "Failed", message = `exit code ${state?.exitCode}` } = state ?? ended ?? {};
      if (ended) throw failure("does not run", [`${reason}: ${message}`]);
      const running = pods.find((pod) => isRunning(pod) && pod.status?.containerStatuses?.[0]?.ready);
      if (running) return running;
      events = await troubleEvents(client, namespace);
      // A quota, the namespace's pod security, a webhook.
      const refused = events.filter(({ reason }) => reason === "FailedCreate");
      if (pods.length === 0 && refused.length) throw failure("is not let in", refused.map(eventText));
      return undefined;
    },
    {
      seconds: timeoutSeconds,
      otherwise: () =>
        failure(`does not run within ${timeoutSeconds} s (timeoutSeconds)`, [
          ...troublesOf(pods),
          ...events.map(eventText),
        ]),
    },
  );
}

/** What the Job's controller, the scheduler and the kubelet say of it; nothing where this user may not ask. */
async function troubleEvents(client: ClusterClient, namespace: string): Promise<CoreV1Event[]> {
  const events = (await unlessForbidden(client.list<CoreV1Event>("v1", "Event", namespace))) ?? [];
  const pods = new RegExp(`^${moverName}(-|$)`);
  return events.filter(
    ({ type, involvedObject }) => type === "Warning" && pods.test(involvedObject.name ?? ""),
  );
}

function eventText({ reason, message }: CoreV1Event): string {
  return `${reason}: ${message}`;
}
