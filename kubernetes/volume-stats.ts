import type { V1Pod } from "@kubernetes/client-node";

import type { ClusterClient } from "./client";

/** Room of a mounted claim, in bytes. */
export interface Room {
  readonly size: number;
  readonly free: number;
}

/** A store with less of its room free needs care: pushes fail when it is full. */
const leastFree = 0.1;

export function isNearlyFull({ size, free }: Room): boolean {
  return free / size < leastFree;
}

interface Summary {
  pods?: { volume?: { pvcRef?: { name: string }; capacityBytes?: number; availableBytes?: number }[] }[];
}

/**
 * How much room a claim has, as the kubelet of a node that mounts it sees it (its /stats/summary); undefined where no
 * kubelet tells, or the user may not ask.
 */
export async function roomOfClaim(
  client: ClusterClient,
  claim: string,
  pods: readonly V1Pod[],
): Promise<Room | undefined> {
  const node = pods.find(({ status }) => status?.phase === "Running")?.spec?.nodeName;
  if (node === undefined) return undefined;
  try {
    const summary = await client.at<Summary>(
      `/api/v1/nodes/${encodeURIComponent(node)}/proxy/stats/summary`,
      {
        once: true,
      },
    );
    const mounting = summary?.pods ?? [];
    const volume = mounting.flatMap(({ volume = [] }) => volume).find(({ pvcRef }) => pvcRef?.name === claim);
    const { capacityBytes: size, availableBytes: free } = volume ?? {};
    return size === undefined || free === undefined ? undefined : { size, free };
  } catch {
    return undefined;
  }
}
