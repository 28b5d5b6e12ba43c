import type { ConfigSpec, ImagePrunerSpec } from "../../crds/types";

/** Fields of the Config CR that are owned only when they are given. */
export type RegistrySettings = Pick<
  ConfigSpec,
  | "defaultRoute"
  | "routes"
  | "readOnly"
  | "disableRedirect"
  | "logLevel"
  | "operatorLogLevel"
  | "proxy"
  | "requests"
  | "resources"
  | "affinity"
  | "topologySpreadConstraints"
>;

/** Fields of the ImagePruner CR that are owned only when they are given. */
export type PrunerSettings = Omit<ImagePrunerSpec, "nodeSelector" | "tolerations" | "keepYoungerThan">;

/**
 * The settings that are worth sending. Whenever the operator writes the spec it leaves blank values out, whoever owns
 * them (Go's omitempty): an owner of `defaultRoute: false` would find it gone, and report drift, for ever.
 */
export function withoutBlanks(settings: RegistrySettings): RegistrySettings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => !isBlank(value)));
}

/** The settings asked to be blank that another manager has set: to leave them out would not change them. */
export function setByOthers(live: ConfigSpec, settings: RegistrySettings): (keyof RegistrySettings)[] {
  const asked = Object.entries(settings) as [keyof RegistrySettings, unknown][];
  return asked.flatMap(([key, value]) => (isBlank(value) && !isBlank(live[key]) ? [key] : []));
}

function isBlank(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length === 0;
  return value === undefined || value === null || value === false || value === "";
}
