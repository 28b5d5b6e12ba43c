import { randomBytes } from "node:crypto";
import { PartialFailure, type Provider, type StepContext } from "../../provider";
import type { ResourceState } from "../../state";
import { hasUnknown, isMap, propertyPath, type PropertyMap, secret } from "../../values";
import { ApiError, Client, type LiveObject, NoSuchKind } from "./client";
import { changesOf, replacing } from "./diff";
import { NotReady, untilGone, untilReady } from "./ready";

interface Inputs extends PropertyMap {
  apiVersion: string;
  kind: string;
  metadata: { name?: string; annotations?: Record<string, string> };
}

/**
 * Follows pulumi-kubernetes 4.34 in server-side apply mode: a plain object is created, and then applied by updates; a
 * Patch is applied from the start, and its deletion gives up its fields.
 */
export const kubernetes: Provider = {
  check({ type, name }, inputs, old) {
    const metadata = isMap(inputs.metadata) ? inputs.metadata : {};
    if (metadata.name !== undefined || hasUnknown(inputs.metadata)) return inputs;
    if (isPatch(type, inputs))
      throw new Error("patch resources require the `.metadata.name` field to be set");
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
      name === (old.outputs as LiveObject).metadata.name && !annotations?.["pulumi.com/autonamed"];
    return {
      changes: changes.map(({ path }) => propertyPath(path)),
      replaces,
      deleteBeforeReplace: replaces.length > 0 && keepsName,
    };
  },

  async create(context, inputs) {
    const object = inputs as Inputs;
    const client = Client.of(context.config);
    if (context.preview) return { id: "", outputs: await previewCreate(context, client, object) };
    const manager = fieldManager(object, {});
    const made = await retry(context, () => createOrApply(context, client, object, manager));
    const live = await becomeReady(
      context,
      client,
      made,
      true,
      (reason) => {
        const text = "the Kubernetes API server reported that it failed to fully initialize or become live";
        return `resource "${context.urn}" was successfully created, but ${text}: ${reason}`;
      },
      manager,
    );
    return { id: idOf(live), outputs: outputsOf(live, manager) };
  },

  async update(context, old, inputs) {
    const object = inputs as Inputs;
    if (context.preview && hasUnknown(object)) return object;
    const client = Client.of(context.config);
    const before = old.outputs as LiveObject & { __fieldManager: string };
    const manager = fieldManager(object, before);
    const failed = (reason: string): string =>
      `the Kubernetes API server reported that "${idOf(before)}" failed to fully initialize or become live: ${reason}`;
    const made = await applyUpdate(context, client, object, before, manager).catch(async (error: Error) => {
      // Whatever went wrong, the real provider keeps the new inputs with the live object, and tries again next time.
      throw new PartialFailure(
        failed(error.message),
        idOf(before),
        outputsOf(await client.read(before), manager),
      );
    });
    if (context.preview) return outputsOf(made, manager);
    const live = await becomeReady(context, client, made, false, failed, manager);
    if (before.__fieldManager !== manager) await client.apply(identity(live), before.__fieldManager, {});
    return outputsOf(live, manager);
  },

  async delete(context, old) {
    const client = Client.of(context.config);
    const live = old.outputs as LiveObject & { __fieldManager: string };
    try {
      if (isPatch(context.type, live)) await client.apply(identity(live), live.__fieldManager, {});
      else await deleteObject(context, client, old, live);
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

function isPatch(type: string, inputs: PropertyMap): boolean {
  return type.endsWith(`:${String(inputs.kind)}Patch`);
}

function fieldManager({ metadata }: Inputs, old: { __fieldManager?: string }): string {
  const named = metadata.annotations?.["pulumi.com/patchFieldManager"];
  return named ?? old.__fieldManager ?? `pulumi-kubernetes-${randomBytes(4).toString("hex")}`;
}

function isForced({ metadata }: Inputs): boolean {
  return metadata.annotations?.["pulumi.com/patchForce"] === "true";
}

function idOf({ metadata: { namespace, name } }: LiveObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

function identity({ apiVersion, kind, metadata: { name, namespace } }: LiveObject): PropertyMap {
  return { apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) } };
}

function outputsOf(live: LiveObject, manager: string): PropertyMap {
  const data = live.apiVersion === "v1" && live.kind === "Secret" && live.data !== undefined;
  return { ...live, ...(data && { data: secret(live.data) }), __fieldManager: manager };
}

/** A dry run where the server can do one; else, and for every Patch, the inputs as they are. */
async function previewCreate(context: StepContext, client: Client, object: Inputs): Promise<PropertyMap> {
  if (hasUnknown(object) || isPatch(context.type, object)) return object;
  try {
    const live = await client.create(object, "pulumi-kubernetes", true);
    delete live.status;
    return outputsOf(live, "");
  } catch (error) {
    if (error instanceof NoSuchKind) return object;
    const { code, reason, message } = error as ApiError;
    const noNamespace = code === 404 && message.startsWith("namespaces ");
    if (code === 403 || reason === "AlreadyExists" || noNamespace) return object;
    throw notCreated(context, error as Error);
  }
}

async function createOrApply(context: StepContext, client: Client, object: Inputs, manager: string) {
  if (!isPatch(context.type, object)) return client.create(object, "pulumi-kubernetes", false);
  return client.apply(object, manager, { force: isForced(object) }).catch(explainConflict(manager));
}

/** A namespace or a CRD may be on its way. */
async function retry(context: StepContext, work: () => Promise<LiveObject>): Promise<LiveObject> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const mayCome = error instanceof NoSuchKind || (error instanceof ApiError && error.code === 404);
      if (!mayCome || attempt === 5) throw notCreated(context, error as Error);
      context.log("info", `Retry #${attempt}; creation failed: ${error.message}`, true);
      await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** attempt));
    }
  }
}

function notCreated({ urn, type }: StepContext, error: Error): Error {
  if (error instanceof NoSuchKind) {
    return new Error(
      `creation of resource "${urn}" with kind ${type.split(":")[1]}/${type.split(":")[2]} failed because the ` +
        "Kubernetes API server reported that the apiVersion for this resource does not exist. Verify that any " +
        `required CRDs have been created: ${error.message}`,
    );
  }
  const known = error instanceof ApiError && error.reason === "AlreadyExists";
  const hint = known ? "\n\nThe resource already exists in the cluster." : "";
  return new Error(
    `resource "${urn}" was not successfully created by the Kubernetes API server: ${error.message}${hint}`,
  );
}

function explainConflict(manager: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof ApiError) || error.code !== 409) throw error;
    throw new Error(
      "server-side apply field conflict detected, see https://www.pulumi.com/registry/packages/kubernetes/" +
        "how-to-guides/managing-resources-with-server-side-apply/#handle-field-conflicts-on-existing-resources for " +
        `troubleshooting help\nThe resource managed by field manager "${manager}" had an apply conflict: ${error.message}`,
    );
  };
}

async function applyUpdate(
  context: StepContext,
  client: Client,
  object: Inputs,
  before: LiveObject,
  manager: string,
): Promise<LiveObject> {
  const live = await client.read(before);
  const created = (live.metadata.managedFields ?? []).find(
    (entry) => entry.manager === "pulumi-kubernetes" && entry.operation === "Update" && !entry.subresource,
  );
  if (created && !context.preview && !isPatch(context.type, object)) {
    const handedOver = { ...created, manager, operation: "Apply" };
    const entries = live.metadata.managedFields?.map((entry) => (entry === created ? handedOver : entry));
    await client.setManagedFields(live, entries);
  }
  const force = isForced(object) || (context.preview && created !== undefined);
  return client.apply(object, manager, { force, dryRun: context.preview }).catch(explainConflict(manager));
}

async function becomeReady(
  context: StepContext,
  client: Client,
  made: LiveObject,
  isNew: boolean,
  message: (reason: string) => string,
  manager: string,
): Promise<LiveObject> {
  try {
    return await untilReady(context, client, made, isNew);
  } catch (error) {
    const live = error instanceof NotReady ? error.live : made;
    throw new PartialFailure(message((error as Error).message), idOf(live), outputsOf(live, manager));
  }
}

async function deleteObject(
  context: StepContext,
  client: Client,
  old: ResourceState,
  live: LiveObject,
): Promise<void> {
  const annotations = (old.inputs as Inputs).metadata.annotations ?? {};
  await client.delete(identity(live), annotations["pulumi.com/deletionPropagationPolicy"] ?? "Foreground");
  const kinds = ["Namespace", "Pod", "Deployment", "DaemonSet", "StatefulSet", "Job"];
  if (annotations["pulumi.com/skipAwait"] === "true" && kinds.includes(live.kind)) return;
  await untilGone(context, client, live);
}
