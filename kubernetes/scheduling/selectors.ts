import type {
  V1LabelSelector,
  V1Node,
  V1NodeSelector,
  V1NodeSelectorRequirement,
  V1NodeSelectorTerm,
} from "@kubernetes/client-node";

/** Whether any of the selector's terms matches the node. */
export function matchesNode({ nodeSelectorTerms }: V1NodeSelector, node: V1Node): boolean {
  return nodeSelectorTerms.some((term) => matchesTerm(term, node));
}

/** Kubernetes' own rule: all of a term must match, and an empty term matches nothing. */
function matchesTerm({ matchExpressions = [], matchFields = [] }: V1NodeSelectorTerm, node: V1Node): boolean {
  const labels = node.metadata?.labels ?? {};
  const fields = { "metadata.name": node.metadata?.name ?? "" };
  return (
    matchExpressions.length + matchFields.length > 0 &&
    matchExpressions.every((one) => matches(one, labels)) &&
    matchFields.every((one) => matches(one, fields))
  );
}

/** A selector that is absent matches nothing, one that is empty everything. */
export function matchesLabels(
  selector: V1LabelSelector | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  if (!selector) return false;
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((one) => matches(one, labels))
  );
}

function matches(
  { key, operator, values = [] }: V1NodeSelectorRequirement,
  labels: Readonly<Record<string, string>>,
): boolean {
  const is = labels[key];
  switch (operator) {
    case "In":
      return is !== undefined && values.includes(is);
    case "NotIn":
      return is === undefined || !values.includes(is);
    case "Exists":
      return is !== undefined;
    case "DoesNotExist":
      return is === undefined;
    case "Gt":
      return isInteger(is) && Number(is) > Number(values[0]);
    case "Lt":
      return isInteger(is) && Number(is) < Number(values[0]);
    default:
      return false;
  }
}

function isInteger(text: string | undefined): boolean {
  return text !== undefined && /^-?\d+$/.test(text);
}
