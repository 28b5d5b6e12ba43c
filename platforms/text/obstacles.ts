import type { V1LabelSelector, V1NodeSelector, V1NodeSelectorRequirement } from "@kubernetes/client-node";
import type { Obstacle } from "../../kubernetes/scheduling/obstacle";
import { amountText } from "./amounts";
import { taintText, tolerationText } from "./taints";
import { textOf, type Texts } from "./texts";

/** What follows the node's name. */
export function obstacleText(obstacle: Obstacle): string {
  return textOf(texts, obstacle);
}

const texts: Texts<Obstacle> = {
  label: ({ key, is, asked }) =>
    is === undefined
      ? `lacks label ${key}=${asked}`
      : `has label ${key}=${is || '""'}, asked is ${key}=${asked || '""'}`,
  taint: ({ is, tolerated }) => {
    const near = tolerated.map(tolerationText).join(", ");
    return `has taint ${taintText(is)}, which is not tolerated${near && ` (tolerated is ${near})`}`;
  },
  "taint evicts": ({ is, seconds }) =>
    `has taint ${taintText(is)}, which is tolerated for ${seconds} s only, and then evicts the pod`,
  cordoned: () => "is cordoned",
  "not ready": () => "is not ready",
  goes: () => "is being deleted",
  "node affinity": ({ asked }) => `does not match the node affinity (${selectorText(asked)})`,
  volume: ({ volume, where }) => `does not reach volume "${volume}", which is where ${selectorText(where)}`,
  zone: ({ volume, key, value }) => `does not reach volume "${volume}", which is in ${key}=${value}`,
  room: ({ resource, asked, left, all }) => {
    const [has, of, wants] = [left, all, asked].map((amount) => amountText(resource, amount));
    return left === all
      ? `holds ${of} in all, asked is ${wants}`
      : `has ${has} left of ${of}, asked is ${wants}`;
  },
  "no domain": ({ topologyKey }) => `lacks label ${topologyKey}, over which replicas are spread`,
  skew: ({ topologyKey, is, asked, emptiest }) =>
    `would have ${is} replicas more than another ${topologyKey} (${emptiest ?? "none"}), and maxSkew is ${asked}`,
  "replica beside": ({ topologyKey }) =>
    `has another replica in its ${topologyKey}, which the anti-affinity forbids`,
  "pod beside": ({ topologyKey, namespace }) =>
    `has a pod of namespace ${namespace} in its ${topologyKey}, which the anti-affinity forbids`,
  "no pod beside": ({ topologyKey, asked }) =>
    `has no pod ${labelSelectorText(asked)} in its ${topologyKey}, which the affinity asks for`,
};

/** For people: `app=router and tier in (a, b)`. */
function labelSelectorText({ matchLabels = {}, matchExpressions = [] }: V1LabelSelector): string {
  const labels = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  return [...labels, ...matchExpressions.map(requirementText)].join(" and ");
}

/** For people: `zone in (a, b) and disk exists; or zone in (c)`. */
function selectorText({ nodeSelectorTerms }: V1NodeSelector): string {
  return nodeSelectorTerms
    .map(({ matchExpressions = [], matchFields = [] }) =>
      [...matchExpressions, ...matchFields].map(requirementText).join(" and "),
    )
    .join("; or ");
}

const words: Readonly<Record<string, string>> = {
  In: "in",
  NotIn: "not in",
  Exists: "exists",
  DoesNotExist: "does not exist",
  Gt: ">",
  Lt: "<",
};

function requirementText({ key, operator, values = [] }: V1NodeSelectorRequirement): string {
  const listed = values.length ? ` (${values.join(", ")})` : "";
  return `${key} ${words[operator] ?? operator}${listed}`;
}
