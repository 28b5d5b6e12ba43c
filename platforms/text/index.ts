import type { Finding, Findings } from "../finding";
import type { Drift, Trouble } from "../observed";
import { conditionText, podText } from "./conditions";
import { driftText } from "./drift";
import { imageTexts } from "./images";
import { lagTexts } from "./lags";
import { limitTexts } from "./limits";
import { moveTexts } from "./moves";
import { placementTexts, roleTexts } from "./nodes";
import { objectTexts } from "./objects";
import { registryTexts } from "./registry";
import { storeTexts } from "./stores";
import { textOf, type Texts } from "./texts";

/** What the program found on a cluster, for people: data becomes text in this folder, and nowhere else. */
export { ailmentText, conditionSummary, conditionText, fullText, podText } from "./conditions";
export { driftText, overruledText } from "./drift";
export { lagTexts } from "./lags";
export { obstacleText } from "./obstacles";

const texts: Texts<Finding> = {
  ...storeTexts,
  ...imageTexts,
  ...moveTexts,
  ...placementTexts,
  ...roleTexts,
  ...limitTexts,
  ...objectTexts,
  ...registryTexts,
};

export function findingText(finding: Finding): string {
  const text = textOf(texts, finding);
  return finding.field === undefined ? text : `${finding.field}: ${text}`;
}

export function troubleText({ lags, conditions, pods }: Trouble): string {
  const lines = new Set([...lagTexts(lags), ...conditions.map(conditionText), ...pods.map(podText)]);
  return `the live registry has not converged:\n${[...lines].map((line) => `  ${line}`).join("\n")}`;
}

/** Whatever a preview has to warn of; what it changes on the way is no trouble. */
export function warningTexts(drift: readonly Drift[], { warnings, trouble }: Findings): string[] {
  const wrong = drift.filter(({ remedy }) => remedy !== "change");
  return [...wrong.map(driftText), ...warnings.map(findingText), ...(trouble ? [troubleText(trouble)] : [])];
}
