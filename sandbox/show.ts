import { styleText } from "node:util";
import type { V1Pod } from "@kubernetes/client-node";
import { describeStorage } from "../cluster/backends";
import { conditionsOf, describeCondition } from "../cluster/convergence";
import type { ClusterConnection } from "../cluster/client";
import { readLiveRegistry } from "../cluster/live-registry";

/** What came up: the registry's storage and conditions, its claims, and where its pods run. */
export async function showRegistry(
  connection: ClusterConnection,
  write: (line: string) => void,
): Promise<void> {
  const { config, claims, pods, nodes, hostnames } = await readLiveRegistry(connection);
  const { spec, status } = config;
  write(styleText("bold", "\nregistry"));
  write(
    `  managementState ${spec.managementState}, replicas ${spec.replicas}, storage ${describeStorage(status?.storage ?? {})}`,
  );
  for (const condition of conditionsOf(config)) write(`  ${describeCondition(condition)}`);
  write(`  reached at ${[hostnames.internal, ...hostnames.routes].join(", ")}`);
  for (const { metadata, spec, status } of claims) {
    write(
      `  claim ${metadata?.name}: ${status?.phase}, volume ${spec?.volumeName ?? "none"}, ${status?.capacity?.["storage"] ?? "?"}`,
    );
  }
  for (const pod of pods) write(`  ${describePod(pod)}`);
  write(`  nodes: ${nodes.map(({ metadata }) => metadata?.name).join(", ")}`);
}

function describePod({ metadata, spec, status }: V1Pod): string {
  return `pod ${metadata?.name}: ${status?.phase} on ${spec?.nodeName ?? "no node"}`;
}
