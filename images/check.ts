import { imageMount } from "../backends/backend";
import { readExport } from "../backends/export";
import { UserError } from "../errors";
import { ClusterClient } from "../kubernetes/client";
import { isRunning, mainContainer } from "../kubernetes/pods";
import { assertPossible, type Checked } from "../platforms/check";
import type { Finding, ImageSurvey } from "../platforms/finding";
import { type Hold, leftHold, readHold } from "./hold";
import { podShell } from "./pod-shell";
import { missingRights } from "./rights";
import { listFiles } from "./store";
import { surveyOf } from "./survey";

/** What an up will do with the images, and what an earlier one left. */
export interface CheckedImages {
  /** What an earlier run left on. */
  readonly hold: Hold | undefined;
  /** For a preview. */
  readonly warnings: readonly Finding[];
}

type Read = Pick<Checked, "connection" | "plan" | "live" | "move">;

/**
 * Looks at the images that are to move; what cannot work ends the run before anything is changed. Writes nothing. Who previews may
 * have fewer rights than who brings up.
 */
export async function checkImages(checked: Read, isPreview: boolean): Promise<CheckedImages> {
  const { connection, plan, move } = checked;
  const client = new ClusterClient(connection);
  const hold = await readHold(client, plan.namespace);
  const held = leftHold(hold);
  if (!move) return { hold, warnings: held };
  const { from, targetClaim: claim } = move;
  const field = "copyImages";
  const missing = await missingRights(client, plan.namespace);
  const refused: Finding[] = missing.length ? [{ kind: "rights are missing", field, missing }] : [];
  if (!isPreview) assertPossible({ errors: refused });
  const [seen, exported] = await Promise.all([surveyed(checked), readExport(plan.backend)]);
  const room = exported?.host ?? { size: move.targetBytes };
  // What is free there may be little because an earlier up has copied most: the next one sees what is left to copy.
  if (typeof seen === "object" && room.size !== undefined && seen.bytes > room.size)
    assertPossible({
      errors: [{ kind: "target is too small", field, claim, bytes: seen.bytes, size: room.size }],
    });
  const moves: Finding = { kind: "images will move", field, from, claim, seen, room };
  return { hold, warnings: [...held, ...refused, moves] };
}

/** What the store of a running pod holds, or why that is not known. */
async function surveyed({ connection, live }: Read): Promise<ImageSurvey | string> {
  const pod = live.pods.find(isRunning);
  if (!pod) return "no pod of the registry runs";
  try {
    const shell = podShell(connection, pod, mainContainer(pod));
    const begin = Date.now();
    const files = await listFiles({ shell, root: imageMount.mountPath }, true);
    return surveyOf(files, (Date.now() - begin) / 1000);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.message;
  }
}
