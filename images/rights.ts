import type { V1ResourceAttributes, V1SelfSubjectAccessReview } from "@kubernetes/client-node";
import type { ClusterClient } from "../kubernetes/client";
import { holdName } from "./hold";
import { moverName } from "./mover-job";

/** What a move asks of the API server besides what every up does: access/copy-images.yaml. */
const needed: readonly V1ResourceAttributes[] = [
  { group: "batch", resource: "jobs", verb: "create" },
  { group: "batch", resource: "jobs", name: moverName, verb: "get" },
  { group: "batch", resource: "jobs", name: moverName, verb: "delete" },
  { resource: "pods", subresource: "exec", verb: "get" },
  { resource: "pods", subresource: "exec", verb: "create" },
  { resource: "configmaps", verb: "create" },
  { resource: "configmaps", name: holdName, verb: "get" },
  { resource: "configmaps", name: holdName, verb: "delete" },
];

/** Those that this user does not have, `create jobs`: found before hours of copying, at whose end one would be missed. */
export async function missingRights(client: ClusterClient, namespace: string): Promise<string[]> {
  const kind = { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview" };
  const asked = needed.map(async ({ group = "", ...right }) => {
    const spec = { resourceAttributes: { group, ...right, namespace } };
    const { status } = await client.create<V1SelfSubjectAccessReview>({ ...kind, spec });
    return status?.allowed ? [] : [describe(right)];
  });
  return (await Promise.all(asked)).flat();
}

function describe({ verb, resource, subresource, name }: V1ResourceAttributes): string {
  return [verb, [resource, subresource].filter(Boolean).join("/"), name].filter(Boolean).join(" ");
}
