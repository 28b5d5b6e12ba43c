import type { ConfigSpec, ImagePrunerSpec } from "../crds/types";

/**
 * Fields of the Config that are owned only when they are given. To some the registry itself gives a meaning: a stack
 * that runs it takes those, too. The others speak to the operator.
 */
export const settingNames = {
  registry: ["readOnly", "logLevel", "disableRedirect", "resources", "affinity", "topologySpreadConstraints"],
  operator: ["defaultRoute", "routes", "operatorLogLevel", "proxy", "requests"],
} as const satisfies Record<string, readonly (keyof ConfigSpec)[]>;

export type RegistrySettings = Pick<ConfigSpec, (typeof settingNames)["registry" | "operator"][number]>;

/** Fields of the ImagePruner that are owned only when they are given. */
export type PrunerSettings = Omit<ImagePrunerSpec, "nodeSelector" | "tolerations" | "keepYoungerThan">;

/** What both platforms put into the registry's environment; an undefined value must be absent. */
export function settingsEnvironment({
  readOnly,
  disableRedirect,
}: Pick<RegistrySettings, "readOnly" | "disableRedirect">) {
  return {
    REGISTRY_STORAGE_MAINTENANCE_READONLY: readOnly ? "{enabled: true}" : undefined,
    REGISTRY_STORAGE_REDIRECT_DISABLE: disableRedirect ? "true" : undefined,
  };
}

/** Whether the operator's log level is one of those that the registry calls debug. */
export function isDebug({ logLevel = "" }: Pick<RegistrySettings, "logLevel">): boolean {
  return ["Debug", "Trace", "TraceAll"].includes(logLevel);
}
