import { isIP } from "node:net";
import * as z from "zod";
import { identities, type ObjectStoreKey } from "../backends/store-names";
import configSpec from "../crds/config-spec.json";
import {
  type PrunerSettings,
  prunerSettingNames,
  type RegistrySettings,
  settingNames,
  type Storage,
} from "../crds/fields";
import prunerSpec from "../crds/imagepruner-spec.json";
import { isSubdomain } from "./labels";
import { checkResources } from "./pod-resources";
import { checkSchedule } from "./schedule";
import { checkScheduling } from "./scheduling";
import { asText, section } from "./values";

/** Fields of a custom resource that a user may set: the CRD's own rules, and what the CRD leaves to others to refuse. */

interface JsonSchema {
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
}

interface Spec {
  readonly properties: object;
}

interface Problem {
  readonly path: (string | number)[];
  readonly message: string;
}

const registrySettings = [...settingNames.registry, ...settingNames.operator];

/** `registry`. */
export const settings = fields<RegistrySettings>(configSpec, registrySettings, (given) => [
  ...podProblems(given),
  ...Object.entries(given.requests ?? {}).flatMap(([kind, limits]) => requestProblems(kind, limits)),
  ...routeProblems(given),
  ...proxyProblems(given.proxy),
]);

/** `pruner`. */
export const pruner = fields<PrunerSettings>(prunerSpec, prunerSettingNames, (given) => {
  const counts = ["keepTagRevisions", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"] as const;
  const negative = counts.filter((key) => (given[key] ?? 0) < 0);
  const schedule = given.schedule === undefined ? undefined : checkSchedule(given.schedule);
  return [
    ...podProblems(given),
    ...negative.map((key) => ({ path: [key], message: "is less than the minimum, 0" })),
    ...(schedule ? [{ path: ["schedule"], message: schedule }] : []),
  ];
});

/** An object store; without the name of what holds the images the operator would make one. */
export function objectStoreSection<K extends ObjectStoreKey>(backend: K) {
  const [holder = ""] = identities[backend].names;
  const spec = configSpec.properties.storage.properties[backend];
  return fields<NonNullable<Storage[K]>>(
    spec,
    Object.keys(spec.properties),
    (given) => storeProblems(given, holder),
    [holder],
  );
}

function fields<T>(
  spec: Spec,
  keys: readonly string[],
  check: (given: T) => Problem[],
  required: string[] = [],
) {
  const properties = Object.fromEntries(
    Object.entries(spec.properties).filter(([key]) => keys.includes(key)),
  );
  const schema = { type: "object", additionalProperties: false, properties, required };
  const checkedSchema = (
    z.fromJSONSchema(schema as z.core.JSONSchema.JSONSchema) as z.ZodType<T>
  ).superRefine((given, context) => {
    for (const { path, message } of check(given)) context.addIssue({ code: "custom", path, message });
  });
  return section(checkedSchema, (value) => textWhereMeant(schema as JsonSchema, value));
}

/** `pulumi config set --path` writes true and 5 where a text was meant, such as the value of a label. */
function textWhereMeant(schema: JsonSchema, value: unknown): unknown {
  if (schema.type === "string") return asText(value);
  if (Array.isArray(value))
    return schema.items ? value.map((item) => textWhereMeant(schema.items!, item)) : value;
  if (typeof value !== "object" || value === null) return value;
  const { properties = {}, additionalProperties } = schema;
  const rest = typeof additionalProperties === "object" ? additionalProperties : {};
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, textWhereMeant(properties[key] ?? rest, inner)]),
  );
}

interface OfPods {
  readonly resources?: unknown;
  readonly affinity?: unknown;
  readonly topologySpreadConstraints?: unknown;
}

function podProblems({ resources, affinity, topologySpreadConstraints }: OfPods): Problem[] {
  return [
    ...under(["resources"], resources ? checkResources(resources) : []),
    ...checkScheduling(affinity, ["affinity"]),
    ...checkScheduling(topologySpreadConstraints, ["topologySpreadConstraints"]),
  ];
}

type Limits = NonNullable<NonNullable<RegistrySettings["requests"]>["read"]>;

/** Below 0 the registry does not start; without a limit it queues nothing. */
function requestProblems(
  kind: string,
  { maxRunning = 0, maxInQueue = 0, maxWaitInQueue }: Limits = {},
): Problem[] {
  const negative = Object.entries({ maxRunning, maxInQueue }).filter(([, value]) => value < 0);
  if (negative.length > 0)
    return negative.map(([key]) => ({
      path: ["requests", kind, key],
      message: "is less than the minimum, 0",
    }));
  const idle = (key: string, needs: string) => ({
    path: ["requests", kind, key],
    message: `has no effect without registry.requests.${kind}.${needs}`,
  });
  if (maxRunning === 0 && maxInQueue > 0) return [idle("maxInQueue", "maxRunning")];
  if (maxInQueue === 0 && maxWaitInQueue !== undefined) return [idle("maxWaitInQueue", "maxInQueue")];
  return [];
}

function routeProblems({ routes = [], defaultRoute }: RegistrySettings): Problem[] {
  const names = [...(defaultRoute ? ["default-route"] : []), ...routes.map(({ name }) => name)];
  const offset = names.length - routes.length;
  return routes.flatMap(({ name, hostname, secretName }, index) => {
    const problem = (key: string, message: string) => ({ path: ["routes", index, key], message });
    const first = routes.findIndex((route) => hostname && route.hostname === hostname);
    return [
      ...(isSubdomain(name) ? [] : [problem("name", "is not an object name")]),
      ...(names.indexOf(name) < index + offset ? [problem("name", "is another route's, too")] : []),
      ...(hostname && !isSubdomain(hostname) ? [problem("hostname", hostnameProblem(hostname))] : []),
      ...(hostname && isIP(hostname)
        ? [problem("hostname", "is an address; a router knows its routes by name")]
        : []),
      ...(first >= 0 && first < index ? [problem("hostname", "is another route's, too")] : []),
      ...(secretName && !isSubdomain(secretName) ? [problem("secretName", "is not an object name")] : []),
    ];
  });
}

function hostnameProblem(hostname: string): string {
  const [, inside] = /^(?:[a-z]+:\/\/)?([^/:]+)(?::\d+)?(?:\/.*)?$/i.exec(hostname) ?? [];
  const host = inside?.toLowerCase();
  const instead = host && host !== hostname && isSubdomain(host) ? `; write ${host}` : "";
  return `is not a host name${instead}`;
}

/** Go's rule for HTTP_PROXY: a URL, or host:port. */
function proxyProblems(proxy: RegistrySettings["proxy"] = {}): Problem[] {
  const isHost = (name: string) => isSubdomain(name) || isIP(name.replace(/^\[|\]$/g, "")) !== 0;
  const isProxy = (text: string) => {
    const url = URL.parse(/^[a-z0-9]+:\/\//i.test(text) ? text : `http://${text}`);
    return (
      url !== null &&
      /^(https?|socks5h?):$/.test(url.protocol) &&
      isHost(url.hostname) &&
      /^[\x21-\x7e]+$/.test(text)
    );
  };
  return (["http", "https"] as const)
    .filter((key) => proxy[key] && !isProxy(proxy[key]))
    .map((key) => ({
      path: ["proxy", key],
      message: "is not a proxy's URL, such as http://proxy.example.com:3128",
    }));
}

function storeProblems(given: object, holder: string): Problem[] {
  const fields = given as Record<string, unknown>;
  const { networkAccess, encryption, authURL } = fields as {
    networkAccess?: { type?: string; internal?: object };
    encryption?: { method?: string; kms?: object };
    authURL?: string;
  };
  const found: Problem[] = [];
  if (fields[holder] === "")
    found.push({ path: [holder], message: "is blank, and the operator would make one" });
  if (networkAccess?.internal && networkAccess.type !== "Internal")
    found.push({
      path: ["networkAccess", "internal"],
      message: "goes with networkAccess.type Internal alone",
    });
  if ((encryption?.kms !== undefined) !== (encryption?.method === "KMS"))
    found.push({ path: ["encryption", "kms"], message: "and encryption.method KMS go together" });
  if (authURL && !/^https?:\/\/[^/]/.test(authURL))
    found.push({ path: ["authURL"], message: "is not a URL with http:// or https://" });
  return found;
}

function under(path: string[], problems: readonly Problem[]): Problem[] {
  return problems.map((problem) => ({ ...problem, path: [...path, ...problem.path] }));
}
