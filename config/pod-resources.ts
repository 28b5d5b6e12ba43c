import { leastBytes, quantityValue } from "../kubernetes/quantity";

/** A container's resources as core/v1 ResourceRequirements has them. */
export interface Resources {
  readonly requests?: Readonly<Record<string, string | number>>;
  readonly limits?: Readonly<Record<string, string | number>>;
  readonly claims?: readonly unknown[];
}

export interface ResourceProblem {
  readonly path: string[];
  readonly message: string;
}

const ordinary = ["cpu", "memory", "ephemeral-storage"];

/**
 * What the API server would refuse in a pod with these resources (its validation of ResourceRequirements): the operator
 * finds that out only when it writes the Deployment, and the registry stays as it was.
 */
export function checkResources({ requests = {}, limits = {}, claims }: Resources): ResourceProblem[] {
  const found = [...checkAmounts("limits", limits), ...checkAmounts("requests", requests)];
  if (claims?.length)
    found.push({
      path: ["claims"],
      message: "names claims of devices, which the registry's pods do not have",
    });
  return found.length > 0 ? found : checkPairs(requests, limits);
}

function checkAmounts(kind: string, amounts: NonNullable<Resources["limits"]>): ResourceProblem[] {
  return Object.entries(amounts).flatMap(([name, amount]) => {
    const message = checkName(name) ?? checkAmount(name, amount);
    return message === undefined ? [] : [{ path: [kind, name], message }];
  });
}

function checkName(name: string): string | undefined {
  const isKnown = ordinary.includes(name) || /^hugepages-\d+[KMG]i$/.test(name) || isExtended(name);
  return isKnown ? undefined : `is for no resource of a container; there are ${ordinary.join(", ")}`;
}

function checkAmount(name: string, amount: string | number): string | undefined {
  const value = quantityValue(String(amount));
  if (value === undefined)
    return `is not a quantity; write one such as ${name === "cpu" ? "500m or 2" : "512Mi"}`;
  if (value < 0) return "is less than the minimum, 0";
  if (name === "cpu") return isWhole(value * 1000) ? undefined : "is finer than 1m, a thousandth of a core";
  const isBytes = ordinary.includes(name);
  if (Number.isInteger(value) && isBytes && value > 0 && value < leastBytes)
    return `is ${value} byte${value > 1 ? "s" : ""}; write a unit, such as 512Mi`;
  if (Number.isInteger(value)) return undefined;
  return isExtended(name)
    ? "is not a whole number"
    : `is not whole bytes: ${/m$/.test(String(amount)) ? "m is a thousandth; write 512Mi" : "write one such as 512Mi"}`;
}

function checkPairs(
  requests: NonNullable<Resources["requests"]>,
  limits: NonNullable<Resources["limits"]>,
): ResourceProblem[] {
  return Object.entries(requests).flatMap(([name, request]) => {
    const limit = limits[name];
    const path = ["requests", name];
    if (!ordinary.includes(name)) {
      const isSame = limit !== undefined && valueOf(limit) === valueOf(request);
      return isSame
        ? []
        : [{ path, message: `must be the same as resources.limits.${name}, which is ${limit ?? "missing"}` }];
    }
    const isMore = limit !== undefined && valueOf(request) > valueOf(limit);
    return isMore ? [{ path, message: `is more than its limit, resources.limits.${name}: ${limit}` }] : [];
  });
}

// Fractions are not exact.
const isWhole = (value: number) => Math.abs(value - Math.round(value)) < 1e-6;
const isExtended = (name: string) => name.includes("/") && !/(^|\.)kubernetes\.io\//.test(name);
const valueOf = (amount: string | number) => quantityValue(String(amount)) ?? 0;
