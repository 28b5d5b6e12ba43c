import type { LiveStandalone } from "./live";
import type { StandalonePlan } from "./plan";
import { managedBy } from "./registry";

/** Whether the namespace is a stack's to make, label and take away: it is not there yet, or a stack made it. */
export function isOwnNamespace({ namespace }: Pick<LiveStandalone, "namespace">): boolean {
  const labels = namespace?.metadata?.labels;
  return !namespace || Object.entries(managedBy).every(([key, value]) => labels?.[key] === value);
}

/** Whether there are claims in it other than the stack's own: to delete the namespace would delete their data. */
export function holdsOthersClaims({ claims }: Pick<LiveStandalone, "claims">, plan: StandalonePlan): boolean {
  return claims.some(({ metadata }) => metadata?.name !== plan.backend.needs?.volume?.claimName);
}
