import { existsSync } from "node:fs";
import {
  ApiException,
  KubeConfig,
  KubernetesObjectApi,
  type KubernetesObject,
  PatchStrategy,
} from "@kubernetes/client-node";
import { isMap, type PropertyMap } from "../../values";

/** An object as the API server has it. */
export interface LiveObject extends PropertyMap {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    annotations?: Record<string, string>;
    generation?: number;
    resourceVersion?: string;
    managedFields?: { manager: string; operation: string; subresource?: string }[];
  };
}

export interface Conditions {
  status?: { conditions?: { type: string; status: string; reason?: string; message?: string }[] };
}

/** What the API server says about a request it refuses. */
export class ApiError extends Error {
  constructor(
    readonly code: number,
    readonly reason: string,
    message: string,
    readonly missingFields: string[] = [],
  ) {
    super(message);
  }
}

/** No answer: nobody is there, or not whom the kubeconfig names. */
export class Unreachable extends Error {}

/** The API server has no such kind: its CRD is not there (yet). */
export class NoSuchKind extends Error {}

/** One API server, as the provider's `kubeconfig` (a path, the text itself, or empty for the environment's) and `context` name it. */
export class Client {
  private constructor(private readonly api: KubernetesObjectApi) {}

  static of(config: PropertyMap): Client {
    const { kubeconfig, context } = config;
    if (typeof kubeconfig !== "string") {
      throw new Error(
        "the sandbox's engine needs the kubernetes provider's kubeconfig: a path, the text itself, or empty for $KUBECONFIG",
      );
    }
    const loaded = new KubeConfig();
    if (kubeconfig === "") loaded.loadFromDefault();
    else if (existsSync(kubeconfig)) loaded.loadFromFile(kubeconfig);
    else loaded.loadFromString(kubeconfig);
    if (typeof context === "string") {
      if (!loaded.getContextObject(context)) throw new Error(`context "${context}" does not exist`);
      loaded.setCurrentContext(context);
    }
    return new Client(KubernetesObjectApi.makeApiClient(loaded));
  }

  read(object: PropertyMap): Promise<LiveObject> {
    return this.call(object, (it) => this.api.read(it as Parameters<typeof this.api.read>[0]));
  }

  create(object: PropertyMap, manager: string, dryRun: boolean): Promise<LiveObject> {
    return this.call(object, (it) => this.api.create(it, undefined, dryRun ? "All" : undefined, manager));
  }

  apply(
    object: PropertyMap,
    manager: string,
    options: { force?: boolean; dryRun?: boolean },
  ): Promise<LiveObject> {
    const dryRun = options.dryRun ? "All" : undefined;
    return this.call(object, (it) =>
      this.api.patch(it, undefined, dryRun, manager, options.force ?? false, PatchStrategy.ServerSideApply),
    );
  }

  delete(object: PropertyMap, propagation: string): Promise<unknown> {
    return this.call(object, (it) =>
      this.api.delete(it, undefined, undefined, undefined, undefined, propagation),
    );
  }

  /** Hands fields over from one manager to another. */
  setManagedFields(object: LiveObject, managedFields: unknown): Promise<LiveObject> {
    const { apiVersion, kind, metadata } = object;
    const { name, namespace, resourceVersion } = metadata;
    const merge = { apiVersion, kind, metadata: { name, namespace, resourceVersion, managedFields } };
    return this.call(merge, (it) =>
      this.api.patch(it, undefined, undefined, undefined, undefined, PatchStrategy.MergePatch),
    );
  }

  private async call(
    object: PropertyMap,
    request: (it: KubernetesObject) => Promise<unknown>,
  ): Promise<LiveObject> {
    const copy = structuredClone(object);
    try {
      // Through JSON, because the library makes dates of timestamps.
      return JSON.parse(JSON.stringify(await request(copy))) as LiveObject;
    } catch (error) {
      throw understood(error, object);
    }
  }
}

function understood(error: unknown, { apiVersion, kind }: PropertyMap): unknown {
  if (!(error instanceof Error)) return error;
  const missing =
    error.message.startsWith("Unrecognized API version") || error.message.includes("HTTP-Code: 404");
  if (missing && /^(Unrecognized|Failed to fetch resource metadata)/.test(error.message)) {
    return new NoSuchKind(`no matches for kind "${String(kind)}" in version "${String(apiVersion)}"`);
  }
  if (!(error instanceof ApiException)) {
    return new Unreachable(`configured Kubernetes cluster is unreachable: ${error.message}`);
  }
  const body: unknown = typeof error.body === "string" ? parsed(error.body) : error.body;
  if (!isMap(body)) return new ApiError(error.code, "", String(error.body));
  const causes = (isMap(body.details) ? body.details.causes : undefined) as
    { reason: string; field: string }[] | undefined;
  const missingFields = (causes ?? [])
    .filter(({ reason }) => reason === "FieldValueRequired")
    .map(({ field }) => field);
  return new ApiError(error.code, String(body.reason), String(body.message), missingFields);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
