import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

import { sleep } from "../../../sandbox/wait";
import type { KubeletCluster } from "./cluster";

/** Of a client between two requests, in ms: it is there all the time, and leaves the processor to what is tested. */
const pause = 1000;

/** A client that pushes one image after the other, and pulls one, to and from whichever pod serves, until it is told to stop. */
export class Clients {
  /** Digests of the images that the registry took, by repository and tag. */
  readonly acknowledged = new Map<string, string>();
  refused = 0;
  /** Why pulls failed that went to a pod which served before and after. */
  readonly failedPulls: string[] = [];
  private isOver = false;
  private readonly loops: Promise<void>[];

  constructor(
    private readonly cluster: KubeletCluster,
    private readonly pulled: string,
  ) {
    this.loops = [this.push(), this.pull()];
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.loops);
  }

  private async push(): Promise<void> {
    const layer = `${this.cluster.directory}/pushed`;
    for (let i = 0; !this.isOver; i++) {
      const name = `loop/x:${i}`;
      const [code, printed] = await this.crane(
        `head -c 20000 /dev/urandom >${layer} && tar -cf ${layer}.tar -C / ${layer.slice(1)} &&
          timeout 15 crane append --insecure --oci-empty-base -f ${layer}.tar -t ${await this.address()}/${name}`,
      );
      if (code === 0) this.acknowledged.set(name, printed.trim().split("@").at(-1) ?? "");
      else this.refused++;
      await sleep(pause);
    }
  }

  private async pull(): Promise<void> {
    while (!this.isOver) {
      const before = await this.address();
      const [code, printed] = await this.crane(
        `timeout 15 crane validate --insecure --remote ${before}/${this.pulled} 2>&1`,
      );
      if (code !== 0 && (await this.address()) === before) this.failedPulls.push(printed);
      await sleep(pause);
    }
  }

  private async address(): Promise<string> {
    return `${(await this.cluster.readyPod()).status!.podIP}:5000`;
  }

  private async crane(script: string): Promise<[number | null, string]> {
    const child = spawn("bash", ["-c", script], {
      env: this.cluster.environment,
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [printed] = await Promise.all([text(child.stdout), once(child, "exit")]);
    return [child.exitCode, printed];
  }
}
