import type { OutOfRange } from "../../kubernetes/limit-range";
import type { Shortage } from "../../kubernetes/quota";
import type { LimitFinding } from "../finding";
import { amountText, plainAmount } from "./amounts";
import type { Texts } from "./texts";

export const limitTexts: Texts<LimitFinding> = {
  "pod is out of range": ({ amount }) => `${rangeText(amount)}: the API server would refuse the pods`,
  "claim is out of range": ({ amount }) => `${rangeText(amount)}: the API server would refuse the claim`,
  "quota lets no pods in": ({ shortage }) => `${quotaText(shortage, "the pods")}, and would be refused`,
  "quota lets no new pod in": ({ shortage }) =>
    `${quotaText(shortage, "the new pod")} while the old one stays, and would be refused; ` +
    `have the quota raised, or set rolloutStrategy to "Recreate"`,
  "quota lets no claim in": ({ shortage }) => `${quotaText(shortage, "the claim")}, and would be refused`,
};

function quotaText({ quota, resource, asked, left, hard }: Shortage, who: string): string {
  const name = `ResourceQuota "${quota}"`;
  const [, kind, what] = /^(requests|limits)\.(.+)$/.exec(resource) ?? [undefined, "requests", resource];
  if (asked === undefined)
    return `${name} counts ${resource}, of which ${who} would have none (registry.resources.${kind}.${what})`;
  const [has, of, wants] = [left, hard, asked].map((amount) => plainAmount(resource, amount));
  return `${name} has ${has} left of ${of} ${resource}; ${who} would take ${wants}`;
}

function rangeText({ range, resource, of, is, least, most }: OutOfRange): string {
  const shown = (amount: number) =>
    of === "limit by request" ? String(amount) : amountText(resource, amount);
  const bounds = [
    ...(least === undefined ? [] : [`at least ${shown(least)}`]),
    ...(most === undefined ? [] : [`at most ${shown(most)}`]),
  ].join(" and ");
  const what = of === "limit by request" ? `a limit of ${resource} by its request` : `a ${of}`;
  const asked = is === undefined ? "none is given" : `asked is ${shown(is)}`;
  return `LimitRange "${range}" allows ${what} of ${bounds}, and ${asked}`;
}
