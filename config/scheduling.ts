import { checkLabelKey, checkLabelValue } from "./labels";
import { isObject } from "./object";

export interface SchedulingProblem {
  readonly path: (string | number)[];
  readonly message: string;
}

type Path = SchedulingProblem["path"];

/**
 * What the API server would refuse in a pod's affinity or topologySpreadConstraints, or what has no effect there. The CRD
 * knows their shape alone, so the operator would learn the rest from a Deployment that is refused.
 */
export function checkScheduling(value: unknown, path: Path = []): SchedulingProblem[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => checkScheduling(item, [...path, index]));
  if (!isObject(value)) return [];
  const inner = Object.entries(value).flatMap(([key, item]) => checkScheduling(item, [...path, key]));
  return [...checksOf(value, path), ...inner];
}

function checksOf(value: Record<string, unknown>, path: Path): SchedulingProblem[] {
  const list = path.at(-2);
  if (list === "matchExpressions" || list === "matchFields") return checkExpression(value, path);
  if (path.at(-1) === "matchLabels") return checkLabels(value, path);
  if (list === "nodeSelectorTerms" || path.at(-1) === "preference") return checkTerm(value, path);
  if ("topologyKey" in value) return checkTopology(value, path);
  if ("weight" in value && (Number(value["weight"]) < 1 || Number(value["weight"]) > 100))
    return [{ path: [...path, "weight"], message: "is not 1 to 100" }];
  return [];
}

const operators = ["In", "NotIn", "Exists", "DoesNotExist"];

function checkExpression(expression: Record<string, unknown>, path: Path): SchedulingProblem[] {
  const { key, operator, values = [] } = expression as { key: string; operator: string; values?: string[] };
  const ofNodes = path.includes("nodeAffinity");
  const known = ofNodes ? [...operators, "Gt", "Lt"] : operators;
  const problem = (last: string, message: string) => [{ path: [...path, last], message }];
  const wrongKey = checkLabelKey(key);
  if (wrongKey) return problem("key", wrongKey);
  if (!known.includes(operator)) return problem("operator", `must be one of ${known.join(", ")}`);
  if (/Exist/.test(operator))
    return values.length ? problem("values", `has values, which operator ${operator} does not take`) : [];
  if (/In$/.test(operator) && values.length === 0)
    return problem("values", `needs a value for operator ${operator}`);
  if (/^[GL]t$/.test(operator) && (values.length !== 1 || !/^-?\d+$/.test(values[0] ?? "")))
    return problem("values", `needs one whole number for operator ${operator}`);
  return values.flatMap((value, index) => {
    const message = checkLabelValue(value);
    return message ? [{ path: [...path, "values", index], message }] : [];
  });
}

function checkLabels(labels: Record<string, unknown>, path: Path): SchedulingProblem[] {
  return Object.entries(labels).flatMap(([key, value]) => {
    const message = checkLabelKey(key) ?? checkLabelValue(String(value));
    return message ? [{ path: [...path, key], message }] : [];
  });
}

function checkTerm(term: Record<string, unknown>, path: Path): SchedulingProblem[] {
  const { matchExpressions = [], matchFields = [] } = term as Record<string, unknown[] | undefined>;
  if (matchExpressions.length + matchFields.length > 0) return [];
  return [{ path, message: "is empty, and matches no node" }];
}

/** A term of pod affinity, or a spread constraint: both count pods by their labels. */
function checkTopology(value: Record<string, unknown>, path: Path): SchedulingProblem[] {
  const found: SchedulingProblem[] = [];
  const problem = (last: string, message: string) => found.push({ path: [...path, last], message });
  const wrongKey = checkLabelKey(String(value["topologyKey"]));
  if (wrongKey) problem("topologyKey", wrongKey);
  if (value["labelSelector"] === undefined)
    problem("labelSelector", "is missing, and without it no pod counts: this has no effect");
  if (!("whenUnsatisfiable" in value)) return found;
  const { whenUnsatisfiable, maxSkew, minDomains } = value;
  const whens = ["DoNotSchedule", "ScheduleAnyway"];
  if (!whens.includes(String(whenUnsatisfiable)))
    problem("whenUnsatisfiable", `must be one of ${whens.join(", ")}`);
  if (Number(maxSkew) < 1) problem("maxSkew", "is less than the minimum, 1");
  if (minDomains !== undefined && Number(minDomains) < 1)
    problem("minDomains", "is less than the minimum, 1");
  if (minDomains !== undefined && whenUnsatisfiable === "ScheduleAnyway")
    problem("minDomains", "goes with whenUnsatisfiable DoNotSchedule alone");
  for (const policy of ["nodeAffinityPolicy", "nodeTaintsPolicy"])
    if (value[policy] !== undefined && !["Honor", "Ignore"].includes(value[policy] as string))
      problem(policy, "must be one of Honor, Ignore");
  return found;
}
