import { type Configuration, standaloneDefaults } from "../config/schema";
import { ClusterClient } from "../kubernetes/client";
import type { ClusterConnection } from "../kubernetes/kubeconfig";
import { type Checked, checkOn } from "./check";
import { operator, type OperatorTypes } from "./operator";
import { registryNamespace } from "./operator/registry";
import { withObjectBucket } from "./object-bucket";
import type { Platform } from "./platform";
import { standalone, type StandaloneTypes } from "./standalone";

/** Who runs the registry, by the value of `platform`. */
export const platforms: Record<Configuration["platform"], Platform> = { operator, standalone };

export type CheckedRegistry = Checked<OperatorTypes> | Checked<StandaloneTypes>;

/** What the configuration asks for, checked against the live cluster. `stack` is organization/project/stack. */
export async function checkRegistry(
  given: Configuration,
  connection: ClusterConnection,
  stack: string,
): Promise<CheckedRegistry> {
  const config = await resolved(given, connection);
  return config.platform === "operator"
    ? checkOn(operator, connection, operator.plan(config), stack)
    : checkOn(standalone, connection, standalone.plan(config), stack);
}

/** The configuration with what it only points to on the cluster. */
export function resolved(config: Configuration, connection: ClusterConnection): Promise<Configuration> {
  if (config.s3?.objectBucketClaim === undefined) return Promise.resolve(config);
  const namespace =
    config.platform === "operator" ? registryNamespace : (config.standalone ?? standaloneDefaults).namespace;
  return withObjectBucket(config, new ClusterClient(connection), namespace);
}
