import { describeStorage, nameOfStore } from "../../backends/stores";
import type { ImageFinding, ImageLoss } from "../finding";
import { changedFieldText } from "./lags";
import type { Texts } from "./texts";

export const imageTexts: Texts<ImageFinding> = {
  "images go with the registry": (loss) =>
    lossText(loss, `"Removed" deletes the pods, and with them the images in their emptyDir`),
  "images go with the pod": (loss) => {
    const changes = loss.changes.map(changedFieldText).join(", ") || "what is asked of it now";
    return lossText(loss, `the pod is replaced for ${changes}, and the images in its emptyDir go with it`);
  },
  "images stay behind": (loss) => {
    const { store, asked, isDown, canMove } = loss;
    const where = isDown ? "the registry is down, and its images are" : "the registry now keeps its images";
    return lossText(
      loss,
      `${where} in ${describeStorage(store)}, and ${describeStorage(asked)} would not have them`,
      canMove ? "say copyImages: true to take them along, or " : "",
    );
  },
  "loss is accepted": ({ stores }) =>
    `is on for ${stores.join(", ")}: nothing that loses the images there is refused`,
  "volume is not retained": ({ volume, policy, claim }) =>
    `volume "${volume}" has reclaim policy ${policy}: once its claim "${claim}" is deleted, its images are ` +
    `${policy === "Recycle" ? "removed with rm -rf" : "deleted with the volume"}; to keep them: ` +
    `oc patch pv ${volume} -p '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}'`,
};

function lossText({ store, isKnown, isAccepted }: ImageLoss, what: string, better = ""): string {
  const lost = isKnown ? what : `${what} (the cluster does not say whether any were pushed)`;
  return isAccepted
    ? `${lost}; acceptImageLoss says that this is meant`
    : `${lost}; ${better}copy them elsewhere first, then say acceptImageLoss: ${nameOfStore(store)}`;
}
