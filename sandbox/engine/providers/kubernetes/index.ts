import { randomBytes } from "node:crypto";
import { PartialFailure, type Provider, type StepContext } from "../../provider";
import { hasUnknown, isMap, propertyPath, type PropertyMap, secret } from "../../values";
import { create, type Inputs, isPatch, previewCreate, update } from "./apply";
import { ApiError, Client, type LiveObject, NoSuchKind, Unreachable } from "./client";
import { changesOf, replacing } from "./diff";
import { NotReady, untilGone, untilReady } from "./ready";

/** What the state keeps of an object: as it was seen last, and who applies it. */
type Outputs = LiveObject & { __fieldManager: string };

/**
 * Follows pulumi-kubernetes 4.34 in server-side apply mode: a plain object is created, and then applied by updates; a
 * Patch is applied from the start, and its deletion gives up its fields.
 */
export const kubernetes: Provider = {
  check({ type, name }, inputs, old) {
    const metadata = isMap(inputs.metadata) ? inputs.metadata : {};
    if (metadata.name !== undefined || hasUnknown(inputs.metadata)) return inputs;
    if (isPatch(type, inputs)) {
      throw new Error("patch resources require the `.metadata.name` field to be set");
    }
    const { name: oldName } = (old?.metadata ?? {}) as { name?: string };
    const annotations = { ...(metadata.annotations as object | undefined), "pulumi.com/autonamed": "true" };
    const autoname = oldName ?? `${name}-${randomBytes(4).toString("hex")}`;
    return { ...inputs, metadata: { ...metadata, name: autoname, annotations } };
  },

  diff({ type }, old, inputs) {
    const changes = changesOf(old.outputs, old.inputs, inputs);
    const replaces = replacing(changes, inputs, isPatch(type, inputs));
    const { name, annotations } = (inputs as Inputs).metadata;
    const keepsName =
      name === (old.outputs as Outputs).metadata.name && !annotations?.["pulumi.com/autonamed"];
    return {
      changes: changes.map(({ path }) => propertyPath(path)),
      replaces,
      // Two objects of one name cannot be there together.
      deleteBeforeReplace: replaces.length > 0 && keepsName,
    };
  },

  async create(context, inputs) {
    const object = inputs as Inputs;
    const client = Client.of(context.config);
    const manager = fieldManager(object, {});
    if (context.preview) {
      return { id: "", outputs: outputsOf(await previewCreate(context, client, object, manager)) };
    }
    const made = await create(context, client, object, manager);
    const outputs = await ready(context, client, outputsOf(made, manager), true);
    return { id: idOf(outputs), outputs };
  },

  async update(context, old, inputs) {
    const object = inputs as Inputs;
    if (context.preview && hasUnknown(object)) return object;
    const client = Client.of(context.config);
    const before = old.outputs as Outputs;
    const manager = fieldManager(object, before);
    const made = await update(context, client, object, before, manager).catch(async (error: Error) => {
      if (error instanceof Unreachable) throw error;
      // Whatever went wrong, the real provider keeps the new inputs with the live object, and tries again next time.
      throw notReady(outputsOf(await client.read(before), manager), error.message);
    });
    if (context.preview) return outputsOf(made, manager);
    const outputs = await ready(context, client, outputsOf(made, manager), false);
    if (before.__fieldManager !== manager) await giveUp(client, outputs, before.__fieldManager);
    return outputs;
  },

  async delete(context, old) {
    const client = Client.of(context.config);
    const live = old.outputs as Outputs;
    try {
      if (isPatch(context.type, live)) await giveUp(client, live, live.__fieldManager);
      else await deleteObject(context, client, live);
    } catch (error) {
      if (error instanceof NoSuchKind || (error instanceof ApiError && error.code === 404)) return;
      if (!(error instanceof ApiError) || error.missingFields[0] === undefined) throw error;
      throw new Error(
        "this Patch resource is currently managing a required field, so it can't be deleted directly. Either set the " +
          "`retainOnDelete` resource option, or transfer ownership of the field before deleting: " +
          error.missingFields[0],
      );
    }
  },
};

function fieldManager({ metadata }: Inputs, old: { __fieldManager?: string }): string {
  const named = metadata.annotations?.["pulumi.com/patchFieldManager"];
  return named ?? old.__fieldManager ?? `pulumi-kubernetes-${randomBytes(4).toString("hex")}`;
}

function idOf({ metadata: { namespace, name } }: LiveObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

function outputsOf(live: PropertyMap, manager = ""): Outputs {
  const isSecret = live.apiVersion === "v1" && live.kind === "Secret" && live.data !== undefined;
  return { ...live, ...(isSecret && { data: secret(live.data) }), __fieldManager: manager } as Outputs;
}

async function ready(context: StepContext, client: Client, made: Outputs, isNew: boolean): Promise<Outputs> {
  const manager = made.__fieldManager;
  try {
    return outputsOf(await untilReady(context, client, made, isNew), manager);
  } catch (error) {
    const live = outputsOf(error instanceof NotReady ? error.live : made, manager);
    throw notReady(live, (error as Error).message, isNew ? context.urn : undefined);
  }
}

function notReady(live: Outputs, reason: string, createdUrn?: string): PartialFailure {
  const message =
    createdUrn === undefined
      ? `the Kubernetes API server reported that "${idOf(live)}" failed to fully initialize or become live: ${reason}`
      : `resource "${createdUrn}" was successfully created, but the Kubernetes API server reported that it failed to ` +
        `fully initialize or become live: ${reason}`;
  return new PartialFailure(message, idOf(live), live);
}

/** An empty apply: the manager's fields are left to others, or go. */
async function giveUp(client: Client, live: LiveObject, manager: string): Promise<void> {
  await client.apply(identity(live), manager, {});
}

async function deleteObject(context: StepContext, client: Client, live: LiveObject): Promise<void> {
  const annotations = live.metadata.annotations ?? {};
  await client.delete(identity(live), annotations["pulumi.com/deletionPropagationPolicy"] ?? "Foreground");
  const kinds = ["Namespace", "Pod", "Deployment", "DaemonSet", "StatefulSet", "Job"];
  if (annotations["pulumi.com/skipAwait"] === "true" && kinds.includes(live.kind)) return;
  await untilGone(context, client, live);
}

function identity({ apiVersion, kind, metadata: { name, namespace } }: LiveObject): PropertyMap {
  return { apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) } };
}
