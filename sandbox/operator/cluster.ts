import { isDeepStrictEqual } from "node:util";

import type { KubeConfig } from "@kubernetes/client-node";
import {
  ApiException,
  CustomObjectsApi,
  KubernetesObjectApi,
  type KubernetesObject,
} from "@kubernetes/client-node";

import { connect } from "../connect";
import { checksum } from "./checksum";
import { type Config, fieldManager, group, type ImagePruner } from "./model";

type Named = Required<Pick<KubernetesObject, "apiVersion" | "kind">> & {
  metadata: { name: string; namespace?: string };
};

const checksumAnnotation = `${group}/checksum`;

/** What the operator reads from and writes to the API server. */
export class Cluster {
  readonly config: KubeConfig;
  readonly objects: KubernetesObjectApi;
  private readonly custom: CustomObjectsApi;

  constructor(kubeconfig: string) {
    this.config = connect(kubeconfig);
    this.objects = KubernetesObjectApi.makeApiClient(this.config);
    this.custom = this.config.makeApiClient(CustomObjectsApi);
  }

  async read<T extends KubernetesObject = KubernetesObject>(
    apiVersion: string,
    kind: string,
    name: string,
    namespace?: string,
  ) {
    const object: Named = { apiVersion, kind, metadata: { name, namespace } };
    return notFoundIsUndefined(this.objects.read(object) as unknown as Promise<T>);
  }

  async create<T extends KubernetesObject>(object: T): Promise<T> {
    return this.objects.create(object, undefined, undefined, fieldManager);
  }

  /**
   * Creates the object, or replaces it when what is asked has changed since it was last written. What others change
   * about it stays, but for `isCurrent`, which can say that an object is no longer what the operator wrote.
   */
  async ensure(
    desired: KubernetesObject,
    isCurrent: (live: KubernetesObject) => boolean = () => true,
  ): Promise<KubernetesObject> {
    const { apiVersion, kind, metadata } = desired;
    const sum = checksum(desired);
    const annotations = { ...metadata?.annotations, [checksumAnnotation]: sum };
    const wanted = { ...desired, metadata: { ...metadata, annotations } };
    for (let attempt = 1; ; attempt++) {
      const live = await this.read(apiVersion!, kind!, metadata!.name!, metadata!.namespace);
      if (!live) return this.create(wanted);
      if (live.metadata?.annotations?.[checksumAnnotation] === sum && isCurrent(live)) return live;
      try {
        return await this.replace(merged(live, wanted));
      } catch (error) {
        if (!(isStatus(error, 409) && attempt < 5)) throw error; // a controller wrote its status in between
      }
    }
  }

  async replace<T extends KubernetesObject>(object: T): Promise<T> {
    return this.objects.replace(object, undefined, undefined, fieldManager);
  }

  /** Foreground: a Deployment stays, marked as deleted, until its pods are gone. */
  async remove({ apiVersion, kind, metadata }: KubernetesObject, propagation?: "Foreground"): Promise<void> {
    const object = { apiVersion, kind, metadata };
    const grace = propagation && 0;
    await notFoundIsUndefined(
      this.objects.delete(object, undefined, undefined, grace, undefined, propagation),
    );
  }

  async replaceCustom<T extends Config | ImagePruner>(plural: string, body: T): Promise<T> {
    return (await this.custom.replaceClusterCustomObject({
      ...this.address(plural, body),
      body,
      fieldManager,
    })) as T;
  }

  async replaceStatus<T extends Config | ImagePruner>(plural: string, body: T): Promise<T> {
    const request = { ...this.address(plural, body), body, fieldManager };
    return (await this.custom.replaceClusterCustomObjectStatus(request)) as T;
  }

  private address(plural: string, { metadata }: KubernetesObject) {
    return { group, version: "v1", plural, name: metadata!.name! };
  }
}

/** The live object with the wanted labels, annotations and spec fields; fields the API server chose stay. */
function merged(live: KubernetesObject, wanted: KubernetesObject): KubernetesObject {
  const spec = (object: KubernetesObject) => (object as { spec?: object }).spec;
  const metadata = {
    ...live.metadata,
    labels: { ...live.metadata?.labels, ...wanted.metadata?.labels },
    annotations: { ...live.metadata?.annotations, ...wanted.metadata?.annotations },
  };
  const object = { ...live, ...wanted, metadata };
  return spec(wanted) ? Object.assign(object, { spec: { ...spec(live), ...spec(wanted) } }) : object;
}

/** Whether two objects are the same as JSON. */
export function same(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(plain(a), plain(b));
}

/** What a failed request says, in the API server's own words. */
export function reason(error: unknown): string {
  if (!(error instanceof ApiException)) return (error as Error).message;
  const body: unknown = error.body;
  const status = typeof body === "string" ? parsed(body) : body;
  return (status as { message?: string } | undefined)?.message ?? error.message;
}

function isStatus(error: unknown, code: number): boolean {
  return error instanceof ApiException && error.code === code;
}

async function notFoundIsUndefined<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
