import type { RegistrySettings } from "../crds/fields";

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
