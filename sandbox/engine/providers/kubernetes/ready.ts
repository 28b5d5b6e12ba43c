import type { StepContext } from "../../provider";
import { isMap, type PropertyMap } from "../../values";
import { ApiError, type Client, type Conditions, type LiveObject } from "./client";

type Check = (object: LiveObject & Conditions, client: Client) => boolean | Promise<boolean>;

/** Waits as the real provider does for this kind, or for what `pulumi.com/waitFor` says. Throws the last state seen. */
export async function untilReady(context: StepContext, client: Client, made: LiveObject, isNew: boolean) {
  if (made.metadata.annotations?.["pulumi.com/skipAwait"] === "true") return made;
  const waitFor = made.metadata.annotations?.["pulumi.com/waitFor"];
  const checks = waitFor !== undefined ? expressions(waitFor).map(custom) : builtIn(made, isNew);
  return poll(context, "to be ready", made, async () => {
    const live = checks.length > 0 ? await client.read(made) : made;
    const done = await Promise.all(checks.map(async (check) => check(live, client)));
    return { live, done: done.every(Boolean) };
  });
}

export async function untilGone(context: StepContext, client: Client, object: LiveObject): Promise<void> {
  await poll(context, "to be deleted", object, async () => {
    try {
      return { live: await client.read(object), done: false };
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return { live: object, done: true };
      throw error;
    }
  });
}

export class NotReady extends Error {
  constructor(readonly live: LiveObject) {
    const text = isVolume(live) ? `Timeout occurred polling for '${live.metadata.name}'` : undefined;
    super(text ?? "timed out waiting for the condition");
  }
}

function isVolume({ kind }: LiveObject): boolean {
  return kind === "PersistentVolume" || kind === "PersistentVolumeClaim";
}

/** In seconds. The real provider gives volumes and claims these five minutes whatever customTimeouts say. */
function patience(object: LiveObject): number {
  return isVolume(object) ? 300 : 600;
}

async function poll(
  context: StepContext,
  what: string,
  object: LiveObject,
  look: () => Promise<{ live: LiveObject; done: boolean }>,
): Promise<LiveObject> {
  const deadline = Date.now() + 1000 * (context.timeoutSeconds ?? patience(object));
  for (let told = false; ; told = true) {
    const { live, done } = await look();
    if (done) return live;
    if (Date.now() > deadline) throw new NotReady(live);
    if (!told) context.log("info", `waiting for ${object.kind} ${object.metadata.name} ${what}`, true);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function builtIn({ apiVersion, kind }: LiveObject, isNew: boolean): Check[] {
  const phase = (object: LiveObject): unknown => field(object, ["status", "phase"]);
  const checks: Record<string, Check> = {
    "v1/PersistentVolume": (volume) => ["Available", "Bound"].includes(String(phase(volume))),
    "v1/PersistentVolumeClaim": async (claim, client) => {
      const bound = phase(claim) === "Bound";
      return bound || (isNew && phase(claim) === "Pending" && (await bindsLate(claim, client)));
    },
    "apps/v1/Deployment": (deployment) => {
      const wanted = Number(field(deployment, ["spec", "replicas"]) ?? 1);
      const count = (key: string): number => Number(field(deployment, ["status", key]) ?? 0);
      return (
        count("observedGeneration") >= (deployment.metadata.generation ?? 0) &&
        condition(deployment, "Progressing", "True")?.reason === "NewReplicaSetAvailable" &&
        condition(deployment, "Available", "True") !== undefined &&
        count("updatedReplicas") >= wanted &&
        count("readyReplicas") >= wanted
      );
    },
    "v1/Service": async (service, client) => {
      const headless = field(service, ["spec", "clusterIP"]) === "None";
      if (headless || field(service, ["spec", "selector"]) === undefined) return true;
      const subsets = (await client.read({ ...service, kind: "Endpoints" })).subsets as
        { addresses?: [] }[] | undefined;
      return (subsets ?? []).some(({ addresses = [] }) => addresses.length > 0);
    },
  };
  const check = checks[`${apiVersion}/${kind}`];
  return check ? [check] : [];
}

async function bindsLate(claim: LiveObject, client: Client): Promise<boolean> {
  const name = field(claim, ["spec", "storageClassName"]);
  if (typeof name !== "string" || name === "") return false;
  const storageClass = await client.read({
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name },
  });
  return storageClass.volumeBindingMode === "WaitForFirstConsumer";
}

function expressions(annotation: string): string[] {
  try {
    const parsed: unknown = JSON.parse(annotation);
    return Array.isArray(parsed) ? (parsed as string[]) : [annotation];
  } catch {
    return [annotation];
  }
}

/** `condition=Type[=Status]` or `jsonpath={.a.b}[=value]`, the path without filters. */
function custom(expression: string): Check {
  const onCondition = /^condition=([^=]+)(?:=(.+))?$/.exec(expression);
  if (onCondition)
    return (object) => condition(object, onCondition[1] ?? "", onCondition[2] ?? "True") !== undefined;
  const onPath = /^jsonpath=\{((?:\.\w+)+)\}(?:=(.+))?$/.exec(expression);
  if (!onPath) throw new Error(`the sandbox's engine does not understand pulumi.com/waitFor ${expression}`);
  const [, path = "", wanted] = onPath;
  return (object) => {
    const value = field(object, path.split(".").slice(1));
    return wanted === undefined ? value !== undefined : String(value) === wanted;
  };
}

function condition(object: LiveObject & Conditions, type: string, status: string) {
  const observed = field(object, ["status", "observedGeneration"]);
  if (typeof observed === "number" && observed < (object.metadata.generation ?? 0)) return undefined;
  const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
  return object.status?.conditions?.find((it) => same(it.type, type) && same(it.status, status));
}

function field(object: PropertyMap, path: string[]): unknown {
  return path.reduce<unknown>((value, key) => (isMap(value) ? value[key] : undefined), object);
}
