import type { ConfigSpec } from "../../crds/types";
import type { Config } from "./model";

/** Fields that Go leaves out of the JSON when they are blank. */
const omitted = [
  "defaultRoute",
  "disableRedirect",
  "httpSecret",
  "logLevel",
  "logging",
  "nodeSelector",
  "operatorLogLevel",
  "readOnly",
  "rolloutStrategy",
  "routes",
  "tolerations",
  "topologySpreadConstraints",
] as const;

/**
 * A spec as the real operator's Go types write it. Every Update of the operator so drops blank values somebody
 * else applied (`readOnly: false`, `tolerations: []`), and adds fields that nobody asked for.
 */
export function goSpec(spec: ConfigSpec): Config["spec"] {
  const { requests } = spec;
  const written: Config["spec"] = {
    managementState: "",
    observedConfig: null,
    unsupportedConfigOverrides: null,
    proxy: {},
    ...spec,
    storage: spec.storage ?? {},
    requests: {
      read: { maxWaitInQueue: "0s", ...requests?.read },
      write: { maxWaitInQueue: "0s", ...requests?.write },
    },
  };
  for (const field of omitted) if (isBlank(written[field])) delete written[field];
  return written;
}

function isBlank(value: unknown): boolean {
  return typeof value === "object" && value ? Object.keys(value).length === 0 : !value;
}
