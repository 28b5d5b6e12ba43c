import type { V1PodSpec } from "@kubernetes/client-node";
import { sameStore } from "../../backends/stores";
import type { Move } from "../image-move";
import { moveOf } from "../moving";
import type { RegistryPlan } from "../plan";
import { keptImages, storageToBe } from "./images";
import type { LiveOperator } from "./live";
import { effectivePlacement } from "./pod";

export function move(live: LiveOperator, asked: RegistryPlan): Move | undefined {
  // The switch is written: the new store may have images by now that the former never had.
  if (live.config.spec.storage && sameStore(live.config.spec.storage, asked.storage)) return undefined;
  const placement = effectivePlacement(live.config, asked);
  const plan = { ...asked, placement, storage: storageToBe(live.config, asked) };
  return moveOf(keptImages(live, plan), live, plan, movedPod(live, plan));
}

/** The pod that the operator runs, where it will be: only the operator knows the image, and who may use which user. */
function movedPod({ deployment }: LiveOperator, { placement }: Pick<RegistryPlan, "placement">): V1PodSpec {
  const { nodeSelector, tolerations } = placement;
  const live = deployment?.spec?.template.spec ?? { containers: [] };
  return {
    ...live,
    ...(Object.keys(nodeSelector).length && { nodeSelector: { ...nodeSelector } }),
    ...(tolerations.length && { tolerations: [...tolerations] }),
  };
}
