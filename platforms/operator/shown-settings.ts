import type { V1PodSpec } from "@kubernetes/client-node";
import type { RegistrySettings } from "../../crds/fields";
import type { ConfigSpec } from "../../crds/types";
import { quantityValue } from "../../kubernetes/quantity";
import { type Environment, isDebug, sharedEnvironment } from "../environment";

type Shown =
  | {
      readonly as: "environment";
      /** Whether it also shows that the field is blank; else something else may stand there, then. */
      readonly isSeenBlank: boolean;
      readonly variables: (spec: ConfigSpec) => Environment;
    }
  /** Compared where the spec has any: otherwise the operator puts something of its own there. */
  | {
      readonly as: "pod";
      readonly is: (pod: V1PodSpec) => unknown;
      readonly asked: (spec: ConfigSpec) => unknown;
    }
  | { readonly as: "nothing" };

/**
 * What the operator's Deployment shows of each field of the Config that users may set. Follows the operator's
 * pkg/resource/podtemplatespec.go.
 */
export const shownSettings: { readonly [K in keyof RegistrySettings]-?: Shown } = {
  readOnly: { as: "environment", isSeenBlank: true, variables: sharedEnvironment.readOnly },
  disableRedirect: { as: "environment", isSeenBlank: true, variables: sharedEnvironment.disableRedirect },
  logLevel: {
    as: "environment",
    isSeenBlank: true,
    variables: (spec) => ({ REGISTRY_LOG_LEVEL: logLevel(spec) }),
  },
  proxy: {
    as: "environment",
    isSeenBlank: false,
    variables: ({ proxy }) => ({
      ...(proxy?.http && { HTTP_PROXY: proxy.http }),
      ...(proxy?.https && { HTTPS_PROXY: proxy.https }),
      ...(proxy?.noProxy && { NO_PROXY: proxy.noProxy }),
    }),
  },
  requests: {
    as: "environment",
    isSeenBlank: false,
    variables: ({ requests: { read, write } = {} }) => ({
      ...(read?.maxRunning && { REGISTRY_OPENSHIFT_REQUESTS_READ_MAXRUNNING: String(read.maxRunning) }),
      ...(write?.maxRunning && { REGISTRY_OPENSHIFT_REQUESTS_WRITE_MAXRUNNING: String(write.maxRunning) }),
    }),
  },
  affinity: { as: "pod", is: ({ affinity }) => affinity, asked: ({ affinity }) => affinity },
  topologySpreadConstraints: {
    as: "pod",
    is: ({ topologySpreadConstraints }) => topologySpreadConstraints,
    asked: ({ topologySpreadConstraints }) => topologySpreadConstraints,
  },
  resources: {
    as: "pod",
    is: ({ containers }) => scalars(containers[0]?.resources),
    asked: ({ resources }) => resources && scalars(resources),
  },
  defaultRoute: { as: "nothing" },
  routes: { as: "nothing" },
  operatorLogLevel: { as: "nothing" },
};

const entries = Object.entries(shownSettings) as [keyof RegistrySettings, Shown][];

/** Those whose blank the Deployment does not show. */
export const unseenBlank = entries.flatMap(([name, shown]) =>
  shown.as === "pod" || (shown.as === "environment" && !shown.isSeenBlank) ? [name] : [],
);

function logLevel(spec: ConfigSpec): string {
  if (isDebug(spec)) return "debug";
  const logging = spec.logging ?? 0;
  if (logging === 1) return "warn";
  return logging === 0 || logging === 2 || logging === 3 ? "info" : "debug";
}

// The Deployment holds quantities in canonical form: "1000m" there is "1".
function scalars(resources: ConfigSpec["resources"] | undefined): unknown {
  const list = (quantities: Record<string, unknown> | undefined) =>
    Object.fromEntries(
      Object.entries(quantities ?? {}).map(([name, quantity]) => [name, quantityValue(String(quantity))]),
    );
  return { limits: list(resources?.limits), requests: list(resources?.requests) };
}
