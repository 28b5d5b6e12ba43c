import type { V1Pod } from "@kubernetes/client-node";
import { execInPod } from "../kubernetes/exec";
import type { ClusterConnection } from "../kubernetes/kubeconfig";
import type { Shell } from "./shell";

/** A container's shell, by exec through the API server. */
export function podShell(connection: ClusterConnection, { metadata }: V1Pod, container: string): Shell {
  const address = { namespace: metadata?.namespace ?? "", pod: metadata?.name ?? "", container };
  return {
    place: `pod ${address.pod}`,
    run: (script, streams) => execInPod(connection, address, ["/bin/sh", "-c", script], streams),
  };
}
