import { describeStorage } from "../backends/stores";
import { type Hold, isLabelled, liftHold } from "../images/hold";
import { finishMove, moveImages, type MoveOptions } from "../images/move";
import { podShell } from "../images/pod-shell";
import { ClusterClient } from "../kubernetes/client";
import type { ClusterConnection } from "../kubernetes/kubeconfig";
import type { Checked } from "../platforms/check";
import type { Platform, PlatformTypes } from "../platforms/platform";
import { podTroubles } from "../platforms/rollout";
import { podText } from "../platforms/text";

interface Told {
  /** What goes on at the moment. */
  readonly progress: (line: string) => void;
  readonly warn: (message: string) => void;
}

/** The part of an up that takes images along, around the one write that switches the store. */
export class ImageMove<K extends PlatformTypes> {
  private isDone = false;

  constructor(
    private readonly platform: Platform<K>,
    private readonly connection: ClusterConnection,
    private readonly plan: K["plan"],
    private readonly checked: Promise<
      Pick<Checked<K>, "live" | "move"> & { readonly hold: Hold | undefined }
    >,
    private readonly timeoutSeconds: number,
    private readonly told: Told,
  ) {}

  /** Copies what there is to copy, then does the switch. What fails in it leaves no hold. */
  async around(theSwitch: () => Promise<void>): Promise<void> {
    const { move } = await this.checked;
    if (!move) return theSwitch();
    const faults = await moveImages(move, this.options());
    for (const fault of faults) this.told.warn(`copied as it was: ${fault}`);
    this.isDone = true;
    try {
      await theSwitch();
    } catch (error) {
      await this.lift();
      throw error;
    }
  }

  /** Takes away what an up left that died before its switch: nothing has changed, and pushes may go on. */
  async beforeWaiting(): Promise<void> {
    const { hold, live } = await this.checked;
    if (this.isDone || !(hold ?? live.pods.some(isLabelled))) return;
    // Pods of the former store may be there still: what they took would be lost.
    if (hold && hold.from !== describeStorage(this.platform.askedStore(live) ?? {})) return;
    await this.lift();
    this.told.warn(`lifted the hold on pushes that an up left${hold ? ` at ${hold.since}` : ""}`);
  }

  /** Once the registry serves from the new store alone. */
  async whenConverged(): Promise<void> {
    const { hold } = await this.checked;
    if (this.isDone || hold) await finishMove(this.plan.namespace, this.options());
  }

  private async lift(): Promise<void> {
    const { client, readPods } = this.options();
    await liftHold(client, this.plan.namespace, await readPods());
  }

  private options(): MoveOptions {
    const client = new ClusterClient(this.connection);
    return {
      client,
      timeoutSeconds: this.timeoutSeconds,
      progress: this.told.progress,
      troublesOf: (pods) => podTroubles(pods).map(podText),
      shellIn: (pod, container) => podShell(this.connection, pod, container),
      readPods: async () => (await this.platform.readRollout(client, this.plan)).pods,
    };
  }
}
