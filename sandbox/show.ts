import { styleText } from "node:util";
import type { V1Node, V1PersistentVolumeClaim, V1Pod } from "@kubernetes/client-node";
import { describeStorage, storageInUse } from "../cluster/backends";
import type { ClusterConnection } from "../cluster/client";
import { type Condition, conditionsOf, describeCondition } from "../cluster/convergence";
import { readLiveRegistry } from "../cluster/live-registry";
import { standaloneConditions } from "../cluster/standalone/convergence";
import { readStandalone } from "../cluster/standalone/live";
import { endpointOf } from "../cluster/standalone/plan";

type Write = (line: string) => void;

/** What came up of the operator's registry: its storage and conditions, its claims, and where its pods run. */
export async function showRegistry(connection: ClusterConnection, write: Write): Promise<void> {
  const live = await readLiveRegistry(connection);
  const { config, hostnames } = live;
  const { managementState, replicas } = config.spec;
  const storage = describeStorage(config.status?.storage ?? {});
  show(write, {
    ...live,
    headline: `managementState ${managementState}, replicas ${replicas}, storage ${storage}`,
    conditions: conditionsOf(config),
    addresses: [hostnames.internal, ...hostnames.routes],
  });
}

/** The same of a registry that the stack runs itself. */
export async function showStandalone(
  connection: ClusterConnection,
  namespace: string,
  write: Write,
): Promise<void> {
  const live = await readStandalone(connection, { namespace });
  const { deployment, endpoints } = live;
  const storage = describeStorage(storageInUse(deployment) ?? {});
  show(write, {
    ...live,
    headline: `namespace ${namespace}, replicas ${deployment?.spec?.replicas} (${endpoints} reached), storage ${storage}`,
    conditions: standaloneConditions(live),
    addresses: [endpointOf({ namespace })],
  });
}

interface Shown {
  readonly headline: string;
  readonly conditions: Condition[];
  readonly addresses: string[];
  readonly claims: V1PersistentVolumeClaim[];
  readonly pods: V1Pod[];
  readonly nodes: V1Node[];
}

function show(write: Write, { headline, conditions, addresses, claims, pods, nodes }: Shown): void {
  write(styleText("bold", "\nregistry"));
  write(`  ${headline}`);
  for (const condition of conditions) write(`  ${describeCondition(condition)}`);
  write(`  reached at ${addresses.join(", ")}`);
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
