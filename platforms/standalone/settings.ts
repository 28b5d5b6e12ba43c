import type { V1Container, V1PodSpec } from "@kubernetes/client-node";
import type { RegistrySettings, settingNames } from "../../crds/fields";
import { type Environment, isDebug, sharedEnvironment } from "../environment";

/** What a setting makes of the registry's pod. */
interface Parts {
  readonly environment?: Environment;
  readonly container?: Pick<V1Container, "resources">;
  readonly pod?: Pick<V1PodSpec, "affinity" | "topologySpreadConstraints">;
}

// In their order in the pod: another one would be another revision, and roll the pods of every stack there is.
const partsOf: {
  readonly [K in (typeof settingNames)["registry"][number]]: (of: RegistrySettings) => Parts;
} = {
  logLevel: (settings) => ({ environment: { REGISTRY_LOG_LEVEL: isDebug(settings) ? "debug" : "info" } }),
  readOnly: (settings) => ({ environment: sharedEnvironment.readOnly(settings) }),
  disableRedirect: (settings) => ({ environment: sharedEnvironment.disableRedirect(settings) }),
  affinity: ({ affinity }) => (affinity ? { pod: { affinity } } : {}),
  topologySpreadConstraints: ({ topologySpreadConstraints }) =>
    topologySpreadConstraints ? { pod: { topologySpreadConstraints } } : {},
  resources: ({ resources }) =>
    resources ? { container: { resources: resources as V1Container["resources"] } } : {},
};

/** What the settings make of the pod together. */
export function settingParts(settings: RegistrySettings): Required<Parts> {
  const all = Object.values(partsOf).map((parts) => parts(settings));
  return all.reduce<Required<Parts>>(
    (sum, { environment, container, pod }) => ({
      environment: { ...sum.environment, ...environment },
      container: { ...sum.container, ...container },
      pod: { ...sum.pod, ...pod },
    }),
    { environment: {}, container: {}, pod: {} },
  );
}
