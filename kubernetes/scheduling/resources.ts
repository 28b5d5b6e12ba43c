import type { V1Container, V1Node, V1Pod, V1PodSpec } from "@kubernetes/client-node";
import { quantityValue } from "../quantity";

/** Amounts by name: cpu in cores, memory and storage in bytes, others in pieces. */
export type Resources = Readonly<Record<string, number>>;

type Quantities = Readonly<Record<string, unknown>> | undefined;

/** What a pod of this spec takes of a node: its containers, or its init containers where one of them needs more. */
export function requestsOf({ containers, initContainers = [], overhead }: V1PodSpec): Resources {
  const sidecars = initContainers.filter(isSidecar);
  const running = sum([...containers, ...sidecars].map(requested));
  const starting = initContainers.map((one, index) =>
    isSidecar(one) ? {} : sum([one, ...initContainers.slice(0, index).filter(isSidecar)].map(requested)),
  );
  return sum([greatest([running, ...starting]), amounts(overhead)]);
}

/** Sidecars are init containers that stay. */
function isSidecar({ restartPolicy }: V1Container): boolean {
  return restartPolicy === "Always";
}

function requested({ resources }: V1Container): Resources {
  // What is limited and not asked for is asked for up to its limit.
  return { ...amounts(resources?.limits), ...amounts(resources?.requests) };
}

/** What is left of the node beside pods of this priority or a higher one: others make way. */
export function freeOn(node: V1Node, running: readonly V1Pod[], priority: number): Resources {
  const staying = running.filter(({ spec, status }) => {
    const isDone = status?.phase === "Succeeded" || status?.phase === "Failed";
    return !isDone && (spec?.priority ?? 0) >= priority;
  });
  const taken = sum([...staying.map(({ spec }) => (spec ? requestsOf(spec) : {})), { pods: staying.length }]);
  const free = amounts(node.status?.allocatable);
  return Object.fromEntries(
    Object.entries(free).map(([name, amount]) => [name, amount - (taken[name] ?? 0)]),
  );
}

/** The first resource of which there is not enough. */
export function lacking(requests: Resources, free: Resources): string | undefined {
  const all = Object.entries({ ...requests, pods: 1 });
  // Sums of fractions of a core are not exact.
  return all.find(([name, amount]) => amount > 0 && amount > (free[name] ?? 0) + 1e-9)?.[0];
}

export function minus(free: Resources, requests: Resources): Resources {
  return sum([
    free,
    Object.fromEntries(Object.entries({ ...requests, pods: 1 }).map(([name, n]) => [name, -n])),
  ]);
}

export function amounts(quantities: Quantities): Resources {
  return Object.fromEntries(
    Object.entries(quantities ?? {}).map(([name, quantity]) => [name, quantityValue(String(quantity)) ?? 0]),
  );
}

function sum(all: readonly Resources[]): Resources {
  return combined(all, (one, other) => one + other);
}

function greatest(all: readonly Resources[]): Resources {
  return combined(all, Math.max);
}

function combined(all: readonly Resources[], combine: (one: number, other: number) => number): Resources {
  const total: Record<string, number> = {};
  for (const amountsOfOne of all)
    for (const [name, amount] of Object.entries(amountsOfOne))
      total[name] = combine(total[name] ?? 0, amount);
  return total;
}
