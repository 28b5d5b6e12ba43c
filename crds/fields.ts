import type { ConfigSpec, ImagePrunerSpec } from "./types";

/** `spec.storage` of the Config. */
export type Storage = NonNullable<ConfigSpec["storage"]>;

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
export const prunerSettingNames = [
  "schedule",
  "suspend",
  "keepTagRevisions",
  "keepYoungerThanDuration",
  "ignoreInvalidImageReferences",
  "successfulJobsHistoryLimit",
  "failedJobsHistoryLimit",
  "logLevel",
  "resources",
  "affinity",
] as const satisfies readonly (keyof ImagePrunerSpec)[];

export type PrunerSettings = Pick<ImagePrunerSpec, (typeof prunerSettingNames)[number]>;
