import type { Move } from "../image-move";
import { moveOf } from "../moving";
import type { LiveStandalone } from "./live";
import type { StandalonePlan } from "./plan";
import { podSpec } from "./pod";
import { keptImages } from "./preflight";

export function move(live: LiveStandalone, plan: StandalonePlan): Move | undefined {
  return moveOf(keptImages(live, plan), live, plan, podSpec(plan, live.assignsUsers));
}
