import { describeStorage, nameOfStore } from "../../backends/stores";
import type { ImageSurvey, MoveFinding, MoveRoom } from "../finding";
import { bytesText } from "./bytes";
import { obstacleText } from "./obstacles";
import type { Texts } from "./texts";

export const moveTexts: Texts<MoveFinding> = {
  "store does not move": ({ from, to }) =>
    `images are copied from emptyDir, nfs and pvc to nfs and pvc; from ${describeStorage(from)} to ` +
    `${describeStorage(to)} mirror them image by image (oc image mirror, skopeo sync), then say ` +
    `acceptImageLoss: ${nameOfStore(from)} in place of copyImages`,
  "mover has no image": ({ from }) =>
    `the registry is down, and only its operator knows its image; bring it up with ${describeStorage(from)} first, then ` +
    `change the backend`,
  "rights are missing": ({ missing }) =>
    `an up that copies images needs rights that this user does not have (${missing.join(", ")}): apply ` +
    `access/copy-images.yaml, or access/copy-images-standalone.yaml`,
  "emptyDirs are several": () =>
    "the registry has several pods, each with an emptyDir and images of its own: scale it to one first",
  "claims share no node": ({ from, to, holder }) => {
    const why = holder
      ? `the former is mounted by ${holder.node} alone (ReadWriteOnce), which ${obstacleText(holder.obstacle)}`
      : "their volumes are local to, or in the zones of, different nodes";
    return `no node can mount claims ${from} and ${to}: ${why}; name another claim, or copy by hand (docs/switching-backends.md)`;
  },
  "target is too small": ({ claim, bytes, size }) =>
    `the images are ${bytesText(bytes)}, and claim ${claim} has room for ${bytesText(size)}; name one that is larger, ` +
    `or let it grow`,
  "images will move": ({ from, claim, seen, room }) =>
    `will copy the images from ${describeStorage(from)} to claim ${claim} before the switch: ${surveyText(seen)}; there, ` +
    `${roomText(room)}. Pushes are held at the end, for ${holdTimeText(seen)} and until the new pods serve; pulls go on`,
  "pushes are held": ({ from, since }) =>
    `pushes to ${describeStorage(from)} are held since ${since} (ConfigMap image-registry-hold), by an up that copied ` +
    `images and did not end, or the hold has ended by itself; pulls go on, and the next up takes it away`,
};

function surveyText(seen: ImageSurvey | string): string {
  if (typeof seen === "string") return `how much that is, is not known (${seen})`;
  return `${seen.repositories} repositories, ${seen.blobs} blobs, ${bytesText(seen.bytes)}`;
}

function roomText({ size, free }: MoveRoom): string {
  if (free !== undefined) return `${bytesText(free)} are free`;
  if (size !== undefined)
    return `${bytesText(size)} is the volume's size, and what is free is seen by the up`;
  return "room is seen by the up, which ends before anything is held where there is too little";
}

/** The last passes look at every file about ten times; the rest is the network's and the registry's to answer. */
function holdTimeText(seen: ImageSurvey | string): string {
  return typeof seen === "string" ? "some seconds" : `about ${Math.ceil(seen.seconds + 1) * 10} s`;
}
