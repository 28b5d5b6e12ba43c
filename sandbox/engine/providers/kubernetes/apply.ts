import type { StepContext } from "../../provider";
import { hasUnknown, type PropertyMap } from "../../values";
import { ApiError, type Client, type LiveObject, NoSuchKind, Unreachable } from "./client";

/** An object as the program wants it. */
export interface Inputs extends PropertyMap {
  apiVersion: string;
  kind: string;
  metadata: { name?: string; annotations?: Record<string, string> };
}

/** Of creates, as the real provider signs them: the first update takes their fields over. */
const creator = "pulumi-kubernetes";

export function isPatch(type: string, inputs: PropertyMap): boolean {
  return type.endsWith(`:${String(inputs.kind)}Patch`);
}

/** A dry run where the server can do one; else, and for every Patch, the inputs as they are. */
export async function previewCreate(
  context: StepContext,
  client: Client,
  object: Inputs,
  manager: string,
): Promise<PropertyMap> {
  if (hasUnknown(object) || isPatch(context.type, object)) return object;
  try {
    const live = upserts(context)
      ? await client.apply(object, manager, { force: true, dryRun: true })
      : await client.create(object, creator, true);
    delete live.status;
    return live;
  } catch (error) {
    if (error instanceof NoSuchKind || error instanceof Unreachable) return object;
    const { code, reason, message } = error as ApiError;
    const noNamespace = code === 404 && message.startsWith("namespaces ");
    if (code === 403 || reason === "AlreadyExists" || noNamespace) return object;
    throw notCreated(context, error as Error);
  }
}

/** The provider's own option, which the SDK sends as JSON text. */
function upserts({ config }: StepContext): boolean {
  return String(config.upsertExistingObjects) === "true";
}

/** Creates a plain object, which must not be there yet unless the provider takes it up; applies a Patch. */
export async function create(
  context: StepContext,
  client: Client,
  object: Inputs,
  manager: string,
): Promise<LiveObject> {
  for (let attempt = 0; ; attempt++) {
    try {
      if (isPatch(context.type, object) || upserts(context)) {
        return await client.apply(object, manager, { force: isForced(object) });
      }
      return await client.create(object, creator, false);
    } catch (error) {
      if (error instanceof Unreachable) throw error;
      const reason = explained(error, manager);
      context.log("info", `Retry #${attempt}; creation failed: ${reason.message}`, true);
      // A namespace or a CRD may be on its way.
      const mayCome = error instanceof NoSuchKind || (error instanceof ApiError && error.code === 404);
      if (!mayCome || attempt === 5) throw notCreated(context, reason);
      await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** attempt));
    }
  }
}

export async function update(
  context: StepContext,
  client: Client,
  object: Inputs,
  before: LiveObject,
  manager: string,
): Promise<LiveObject> {
  const live = await client.read(before);
  const entries = live.metadata.managedFields ?? [];
  const created = entries.find(
    (it) => it.manager === creator && it.operation === "Update" && !it.subresource,
  );
  if (created && !context.preview && !isPatch(context.type, object)) {
    const takenOver = { ...created, manager, operation: "Apply" };
    await client.setManagedFields(
      live,
      entries.map((entry) => (entry === created ? takenOver : entry)),
    );
  }
  const force = isForced(object) || (context.preview && created !== undefined);
  try {
    return await client.apply(object, manager, { force, dryRun: context.preview });
  } catch (error) {
    // As the real provider: who may not write may still look.
    if (context.preview && error instanceof ApiError && error.code === 403)
      return { ...object, metadata: live.metadata };
    throw explained(error, manager);
  }
}

function isForced({ metadata }: Inputs): boolean {
  return metadata.annotations?.["pulumi.com/patchForce"] === "true";
}

function notCreated({ urn, type }: StepContext, error: Error): Error {
  if (error instanceof NoSuchKind) {
    return new Error(
      `creation of resource "${urn}" with kind ${type.split(":").slice(1).join("/")} failed because the Kubernetes ` +
        "API server reported that the apiVersion for this resource does not exist. Verify that any required CRDs " +
        `have been created: ${error.message}`,
    );
  }
  const known = error instanceof ApiError && error.reason === "AlreadyExists";
  const hint = known ? "\n\nThe resource already exists in the cluster." : "";
  return new Error(
    `resource "${urn}" was not successfully created by the Kubernetes API server: ${error.message}${hint}`,
  );
}

function explained(error: unknown, manager: string): Error {
  if (!(error instanceof ApiError) || error.reason !== "Conflict") return error as Error;
  return new Error(
    "server-side apply field conflict detected, see https://www.pulumi.com/registry/packages/kubernetes/" +
      "how-to-guides/managing-resources-with-server-side-apply/#handle-field-conflicts-on-existing-resources for " +
      `troubleshooting help\nThe resource managed by field manager "${manager}" had an apply conflict: ${error.message}`,
  );
}
