import type { RegistrySettings } from "../crds/fields";

/** Variables of the registry's container; one without a value must be absent. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What both platforms put into the registry's environment. */
export const sharedEnvironment = {
  readOnly: ({ readOnly }: RegistrySettings): Environment => ({
    REGISTRY_STORAGE_MAINTENANCE_READONLY: readOnly ? "{enabled: true}" : undefined,
  }),
  disableRedirect: ({ disableRedirect }: RegistrySettings): Environment => ({
    REGISTRY_STORAGE_REDIRECT_DISABLE: disableRedirect ? "true" : undefined,
  }),
};

/** Whether the operator's log level is one of those that the registry calls debug. */
export function isDebug({ logLevel = "" }: Pick<RegistrySettings, "logLevel">): boolean {
  return ["Debug", "Trace", "TraceAll"].includes(logLevel);
}
