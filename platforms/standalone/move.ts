import type { Move } from "../image-move";
import { moveOf } from "../moving";
import type { LiveStandalone } from "./live";
import type { StandalonePlan } from "./plan";
import { podSpec } from "./pod";
import { keptImages } from "./preflight";
import { registryPort } from "./registry";

export function move(live: LiveStandalone, plan: StandalonePlan): Move | undefined {
  const pod = podSpec(plan, live.assignsUsers);
  return moveOf(keptImages(live, plan), live, plan, { pod, port: registryPort, hasOwnPolicy: true });
}
