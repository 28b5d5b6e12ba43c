import { randomUUID } from "node:crypto";
import { describeStorage, sameStore } from "../backends/stores";
import { UserError } from "../errors";
import { type Hold, liftHold, liftOwnHold } from "../images/hold";
import { finishMove, moveImages } from "../images/move";
import type { MoveOptions } from "../images/move-options";
import { podShell } from "../images/pod-shell";
import { ClusterClient } from "../kubernetes/client";
import { NoAnswer } from "../kubernetes/client-error";
import type { ClusterConnection } from "../kubernetes/kubeconfig";
import type { Checked } from "../platforms/check";
import type { Platform, PlatformTypes } from "../platforms/platform";
import { podTroubles } from "../platforms/rollout";
import { podText } from "../platforms/text";

/** As the API server words it: admission, rights, quota, validation, fields of another manager. */
const refusal = /denied the request|is forbidden|is invalid|exceeded quota|conflict/i;

interface Told {
  /** What goes on at the moment. */
  readonly progress: (line: string) => void;
  readonly warn: (message: string) => void;
}

/** The part of an up that takes images along, around the one write that switches the store. */
export class ImageMove<K extends PlatformTypes> {
  private isDone = false;
  private readonly run = randomUUID();

  constructor(
    private readonly platform: Platform<K>,
    private readonly connection: ClusterConnection,
    private readonly plan: K["plan"],
    private readonly checked: Promise<
      Pick<Checked<K>, "live" | "move"> & { readonly hold: Hold | undefined }
    >,
    private readonly timeoutSeconds: number,
    private readonly told: Told,
    /** Tests have their own. */
    private readonly copy: typeof moveImages = moveImages,
  ) {}

  /** Copies what there is to copy, then does the switch. What is known to fail leaves no hold. */
  async around(theSwitch: () => Promise<void>): Promise<void> {
    const { move } = await this.checked;
    if (!move) return theSwitch();
    const faults = await this.copy(move, this.options());
    for (const fault of faults) this.told.warn(`copied as it was: ${fault}`);
    this.isDone = true;
    try {
      await theSwitch();
    } catch (error) {
      // It may have been written all the same, and what is pushed to the former store then is lost.
      if (!(error instanceof NoAnswer)) await liftOwnHold(this.plan.namespace, this.options());
      throw error;
    }
  }

  /**
   * After a write of the switch that the engine made. One that the API server has refused for good changed nothing, and pushes may
   * go on; of any other nobody knows.
   */
  async whenRefused(why: string): Promise<void> {
    if (!this.isDone || !refusal.test(why)) return;
    const { move } = await this.checked;
    const live = await this.platform.read(new ClusterClient(this.connection), this.plan);
    if (!move || !sameStore(move.from, this.platform.askedStore(live) ?? {})) return;
    await this.tryToLift(liftOwnHold, "of this up, whose switch was refused");
  }

  /** Takes away what an up left that died before its switch: nothing has changed, and pushes may go on. */
  async beforeWaiting(): Promise<void> {
    const { hold, live } = await this.checked;
    // Pods of the former store may be there still: what they took would be lost.
    if (this.isDone || !hold || !sameStore(hold.from, this.platform.askedStore(live) ?? {})) return;
    await this.tryToLift(liftHold, `that an up left at ${hold.since}`);
  }

  /** Once the registry serves from the new store alone. */
  async whenConverged(): Promise<void> {
    const { hold, move } = await this.checked;
    if (!this.isDone && !hold) return;
    try {
      await finishMove(this.plan.namespace, this.options());
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      // The registry serves from the new store, and needs none of this.
      const former = describeStorage(move?.from ?? hold?.from ?? {});
      this.told.warn(
        `${former} may be protected from writing still; the next up tries again: ${error.message}`,
      );
    }
  }

  /** What keeps it from that may be what this up, or the next, puts right: it is tried again once the registry serves. */
  private async tryToLift(lift: typeof liftHold, which: string): Promise<void> {
    try {
      await lift(this.plan.namespace, this.options());
      this.told.warn(`lifted the hold on pushes ${which}`);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.told.warn(`the hold on pushes ${which} is on still: ${error.message}`);
    }
  }

  private options(): MoveOptions {
    const client = new ClusterClient(this.connection);
    return {
      client,
      run: this.run,
      timeoutSeconds: this.timeoutSeconds,
      progress: this.told.progress,
      troublesOf: (pods) => podTroubles(pods).map(podText),
      shellIn: (pod, container) => podShell(this.connection, pod, container),
      readPods: async () => (await this.platform.readRollout(client, this.plan)).pods,
    };
  }
}
