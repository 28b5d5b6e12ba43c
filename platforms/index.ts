import type { Configuration } from "../config/schema";
import type { ClusterConnection } from "../kubernetes/kubeconfig";
import { type Checked, checkOn } from "./check";
import { operator, type OperatorTypes } from "./operator";
import type { Platform } from "./platform";
import { standalone, type StandaloneTypes } from "./standalone";

/** Who runs the registry, by the value of `platform`. */
export const platforms: Record<Configuration["platform"], Platform> = { operator, standalone };

export type CheckedRegistry = Checked<OperatorTypes> | Checked<StandaloneTypes>;

/** What the configuration asks for, checked against the live cluster. `stack` is organization/project/stack. */
export function checkRegistry(
  config: Configuration,
  connection: ClusterConnection,
  stack: string,
): Promise<CheckedRegistry> {
  return config.platform === "operator"
    ? checkOn(operator, connection, operator.plan(config), stack)
    : checkOn(standalone, connection, standalone.plan(config), stack);
}
