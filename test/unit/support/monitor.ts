import * as pulumi from "@pulumi/pulumi";
import { type LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import type { RegisterResourceHookRequest, RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import * as sdkState from "@pulumi/pulumi/runtime/state";
import { Hooks } from "./hooks";

/** For mocha, in milliseconds: a run takes a tenth of a second, and far longer on a busy machine. */
export const patience = 30_000;

/** A resource as the program registered it, options included. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly parent: string;
  /** With secrets in plain. */
  readonly inputs: Inputs;
  /** As they went over the wire, secrets marked. */
  readonly wire: Inputs;
  readonly provider: string;
  readonly dependsOn: string[];
  readonly retainOnDelete: boolean;
  readonly beforeCreate: string[];
  readonly beforeUpdate: string[];
  readonly deleteBeforeReplace: boolean;
  readonly createTimeout: string;
  readonly replaceOnChanges: string[];
}

export type Inputs = Record<string, unknown>;

export interface Run<T> {
  readonly result: T;
  readonly resources: Registered[];
  readonly warnings: string[];
}

const secretMark = "4dabf18193072939515e22adb298388d";
const config = "kubernetes:imageregistry.operator.openshift.io/v1";

/** What the engine adds to the inputs of each type that the program may register; any other type fails the run. */
const computed: Record<string, Inputs> = {
  "pulumi:pulumi:Stack": {},
  "pulumi:providers:kubernetes": {},
  "command:remote:Command": {},
  "image-registry:index:NfsClientHost": {},
  "image-registry:index:NfsExportHost": {},
  "image-registry:index:OwningStack": {},
  "image-registry:index:RegistryClaim": {},
  "image-registry:index:RegistryStorage": {},
  "image-registry:index:RegistryOperatorPatch": {},
  "image-registry:index:ImagePruner": {},
  "image-registry:index:InfraPlacement": {},
  "image-registry:index:S3Credentials": {},
  "image-registry:index:StandaloneRegistry": {},
  "kubernetes:apps/v1:Deployment": {},
  "kubernetes:core/v1:Namespace": {},
  "kubernetes:core/v1:ConfigMap": {},
  "kubernetes:core/v1:PersistentVolume": {},
  "kubernetes:core/v1:PersistentVolumeClaim": { status: { phase: "Bound" } },
  "kubernetes:core/v1:NodePatch": {},
  "kubernetes:core/v1:Secret": {},
  "kubernetes:core/v1:Service": {},
  "kubernetes:networking.k8s.io/v1:NetworkPolicy": {},
  "kubernetes:policy/v1:PodDisruptionBudget": {},
  [`${config}:ConfigPatch`]: {},
  [`${config}:ImagePrunerPatch`]: {},
  "random:index/randomPassword:RandomPassword": { result: "c0ffee" },
};
export const configPatch = `${config}:ConfigPatch`;
export const prunerPatch = `${config}:ImagePrunerPatch`;

type Callback = (error: Error | null, answer?: object) => void;
type Monitor = Record<
  "registerResource" | "registerResourceHook" | "registerErrorHook",
  (request: RegisterResourceRequest & RegisterResourceHookRequest, callback: Callback) => void
>;

/** What the SDK keeps out of its typings: a state of its own for each run, and in it where logs go. */
const { withLocalStorage, getStore } = sdkState as unknown as {
  withLocalStorage: <T>(work: () => Promise<T>) => Promise<T>;
  getStore: () => { settings: { engine: unknown } };
};

/**
 * Runs a program on the SDK's mock monitor as a first up or its preview, to its end: every step is a create, with its
 * hooks before it, and the output that the program returns has settled.
 */
export async function run<T>(
  program: () => pulumi.Input<T> | Promise<pulumi.Input<T>>,
  { preview = false } = {},
) {
  return withLocalStorage(async (): Promise<Run<T>> => {
    const seen: Seen = { resources: [], warnings: [], unexpected: [], secretOutputs: new Map() };
    const hooks = new Hooks(preview);
    await pulumi.runtime.setMocks(mocks(seen), "image-registry", "test", preview, "organization");
    record(seen, hooks);
    getStore().settings.engine = engine(seen);
    try {
      const result = await new Promise<T>((resolve, reject) => {
        const settle = async () => {
          const output = pulumi.output(await program());
          resolve(await (output as unknown as { promise(): Promise<T> }).promise());
        };
        pulumi.runtime.runInPulumiStack(() => settle().catch(reject)).catch(reject);
      });
      await pulumi.runtime.disconnect();
      if (seen.unexpected.length) throw new Error(`unexpected: ${seen.unexpected.join(", ")}`);
      return { result, ...seen };
    } finally {
      hooks.close();
    }
  });
}

interface Seen {
  readonly resources: Registered[];
  readonly warnings: string[];
  readonly unexpected: string[];
  readonly secretOutputs: Map<string, string[]>;
}

function mocks({ unexpected, secretOutputs }: Seen): pulumi.runtime.Mocks {
  return {
    newResource: ({ type, name, inputs }) => {
      if (!computed[type]) unexpected.push(`${type} ${name}`);
      const state: Inputs = { ...(inputs as Inputs), ...computed[type] };
      if (type === "command:remote:Command") state["stdout"] = `ran ${name}`;
      for (const key of secretOutputs.get(name) ?? [])
        if (key in state) state[key] = pulumi.secret(state[key]);
      return { id: `${name}-id`, state };
    },
    call: ({ token }) => {
      unexpected.push(`call of ${token}`);
      return {};
    },
  };
}

function record(seen: Seen, hooks: Hooks): void {
  const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    const resource = registered(request);
    seen.resources.push(resource);
    seen.secretOutputs.set(resource.name, request.getAdditionalsecretoutputsList());
    hooks.run(resource.beforeCreate).then(
      () => register(request, callback),
      (error: Error) => callback(error),
    );
  };
  monitor.registerResourceHook = (request, callback) => {
    hooks.register(request);
    callback(null, {});
  };
  monitor.registerErrorHook = (_, callback) => callback(null, {});
}

function engine({ warnings }: Seen): object {
  return {
    setRootResource: (_: unknown, callback: Callback) => callback(null, {}),
    requirePulumiVersion: (_: unknown, callback: Callback) => callback(null, {}),
    log: (request: LogRequest, callback: Callback) => {
      if (request.getSeverity() === LogSeverity.WARNING) warnings.push(request.getMessage());
      callback(null, {});
    },
  };
}

function registered(request: RegisterResourceRequest): Registered {
  const wire = (request.getObject()?.toJavaScript() ?? {}) as Inputs;
  const hooks = request.getHooks();
  return {
    type: request.getType(),
    name: request.getName(),
    parent: request.getParent().split("::").at(-1) ?? "",
    inputs: revealed(wire) as Inputs,
    wire,
    provider: request.getProvider(),
    dependsOn: request.getDependenciesList().map((urn) => urn.split("::").at(-1) ?? ""),
    retainOnDelete: request.getRetainondelete() ?? false,
    beforeCreate: hooks?.getBeforeCreateList() ?? [],
    beforeUpdate: hooks?.getBeforeUpdateList() ?? [],
    deleteBeforeReplace: request.getDeletebeforereplace(),
    replaceOnChanges: request.getReplaceonchangesList(),
    createTimeout: request.getCustomtimeouts()?.getCreate() ?? "",
  };
}

function revealed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== "object" || value === null) return value;
  if (secretMark in value) return revealed((value as Inputs)["value"]);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revealed(inner)]));
}

/** Whether a value went over the wire as a secret. */
export function isSecret(value: unknown): boolean {
  return typeof value === "object" && value !== null && secretMark in value;
}
