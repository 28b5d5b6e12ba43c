import { setTimeout as sleep } from "node:timers/promises";
import type { KubernetesObject } from "@kubernetes/client-node";
import { UserError } from "../errors";
import { ClusterError, errorOfAnswer, explained } from "./client-error";
import { credentialsOf } from "./credentials";
import { type Answer, Connections, type Request } from "./http";
import { type ClusterConnection, type KubeContext, loadKubeconfig } from "./kubeconfig";
import { pathOf } from "./paths";

export { ClusterError, unlessForbidden } from "./client-error";
export type { ClusterConnection } from "./kubeconfig";

/** For a request with all its repetitions, from name look-up to the answer's last byte. */
const requestMilliseconds = 20_000;
const pageSize = 500;
const metadataOnly = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/** Which objects of a kind a list has: selectors as the API server takes them, e.g. `docker-registry=default`. */
export interface Selection {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** The selector of what carries all these labels. */
export function labelSelector(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

interface Page<T> {
  /** Null where the API server has none, at least of metadata. */
  readonly items: T[] | null;
  readonly metadata?: { readonly continue?: string };
}

/** What the program asks of a live cluster: a few reads, a dry run, and merge patches. */
export class ClusterClient {
  private readonly context: KubeContext;
  private readonly connections: Connections;
  private readonly where: string;

  constructor(
    connection: ClusterConnection,
    private readonly limit = requestMilliseconds,
  ) {
    this.context = loadKubeconfig(connection);
    this.connections = new Connections(this.context.cluster, limit);
    this.where = `context "${connection.context}" (${this.context.cluster.server})`;
  }

  /** Closes its connections: for who reads one cluster after another. All others keep them until they end. */
  [Symbol.dispose](): void {
    this.connections.close();
  }

  /** The object, or undefined when the cluster has no such object, kind or namespace. */
  async get<T extends KubernetesObject>(
    apiVersion: string,
    kind: string,
    name: string,
    namespace?: string,
  ): Promise<T | undefined> {
    return this.at<T>(pathOf({ apiVersion, kind, metadata: { name, namespace } }));
  }

  /** What the API server answers at a path; undefined when there is nothing. */
  async at<T>(path: string, options: Pick<Request, "once"> = {}): Promise<T | undefined> {
    return this.ask<T>({ method: "GET", path, accept: "application/json", ...options });
  }

  /** All objects of a kind, in one namespace or everywhere; undefined when the cluster does not have the kind. */
  async list<T extends KubernetesObject>(
    apiVersion: string,
    kind: string,
    namespace?: string,
    selection: Selection = {},
  ): Promise<T[] | undefined> {
    const all: T[] = [];
    for await (const page of this.pages<T>(apiVersion, kind, namespace, selection)) {
      if (page === undefined) return undefined;
      all.push(...page);
    }
    return all;
  }

  /**
   * Whether the metadata of any object of the kind satisfies `test`; undefined when the cluster lacks the kind, or has
   * more than `most` and none of those looked at does.
   */
  async anyObject(
    apiVersion: string,
    kind: string,
    test: (object: KubernetesObject) => boolean,
    most = Infinity,
  ): Promise<boolean | undefined> {
    const accept = `${metadataOnly},application/json`;
    let seen = 0;
    for await (const page of this.pages<KubernetesObject>(apiVersion, kind, undefined, {}, accept)) {
      if (page === undefined || seen >= most) return undefined;
      if (page.some(test)) return true;
      seen += page.length;
    }
    return false;
  }

  /** All objects of a kind, so many at a time, for who may not need all of them. */
  async *inPages<T extends KubernetesObject>(
    apiVersion: string,
    kind: string,
    selection: Selection,
    size: number,
  ): AsyncGenerator<T[], undefined> {
    for await (const page of this.pages<T>(apiVersion, kind, undefined, selection, undefined, size))
      yield page ?? [];
  }

  private async *pages<T>(
    apiVersion: string,
    kind: string,
    namespace: string | undefined,
    selection: Selection,
    accept = "application/json",
    size = pageSize,
  ): AsyncGenerator<T[] | undefined> {
    const path = pathOf({ apiVersion, kind, metadata: { namespace } });
    const query = new URLSearchParams({ ...selection, limit: String(size) });
    for (;;) {
      const page = await this.ask<Page<T>>({ method: "GET", path: `${path}?${query.toString()}`, accept });
      yield page && (page.items ?? []);
      const next = page?.metadata?.continue;
      if (!next) return;
      query.set("continue", next);
    }
  }

  /** A JSON merge patch (RFC 7386), which unlike server-side apply can remove fields that another manager owns. */
  async mergePatch(
    object: KubernetesObject & { metadata: { name: string } },
    fieldManager: string,
  ): Promise<void> {
    const query = new URLSearchParams({ fieldManager });
    const contentType = "application/merge-patch+json";
    await this.ask({ ...write(object, query), method: "PATCH", contentType });
  }

  /** The object as the server would keep it if it were put in place of the live one, defaults filled in. */
  async dryRunReplace<T extends KubernetesObject>(object: T): Promise<T | undefined> {
    const query = new URLSearchParams({ dryRun: "All" });
    return this.ask<T>({ ...write(object, query), method: "PUT", contentType: "application/json" });
  }

  /** Makes the object; where there is one of its name, that is an error with code 409. */
  async create<T extends KubernetesObject>(object: T): Promise<T> {
    const path = pathOf({ ...object, metadata: { namespace: object.metadata?.namespace } });
    const json = "application/json";
    const made = await this.ask<T>({ method: "POST", path, accept: json, contentType: json, body: object });
    if (!made) throw new ClusterError(`${this.where} has no ${object.kind} in such a namespace`, false, 404);
    return made;
  }

  /** Deletes the object, unless another one has its name by now, and after it what it owns. */
  async delete(object: KubernetesObject): Promise<void> {
    const { uid } = object.metadata ?? {};
    const preconditions = { uid };
    // Jobs alone leave their pods unless told.
    const body = { apiVersion: "v1", kind: "DeleteOptions", preconditions, propagationPolicy: "Background" };
    const path = pathOf(object);
    const contentType = "application/json";
    try {
      await this.ask({ method: "DELETE", path, accept: contentType, contentType, body });
    } catch (error) {
      if (!(error instanceof ClusterError && error.code === 409)) throw error;
    }
  }

  private async ask<T>(request: Request): Promise<T | undefined> {
    try {
      const answer = await this.answerTo(request);
      if (answer.code === 404) return undefined;
      if (answer.code >= 300) throw errorOfAnswer(answer, this.where);
      return JSON.parse(answer.body) as T;
    } catch (error) {
      if (error instanceof ClusterError) throw error;
      // The kubeconfig's plugin failed, or a file that it names is not there: asking again changes nothing.
      if (error instanceof UserError) throw new ClusterError(error.message, false);
      throw explained(error, this.where, this.limit);
    }
  }

  private async answerTo(request: Request): Promise<Answer> {
    // What a plugin needs does not count as the server's time.
    let credentials = await credentialsOf(this.context, this.limit);
    const end = Date.now() + this.limit;
    const signal = AbortSignal.timeout(this.limit);
    for (let tried = 1; ; tried++) {
      const answer = await this.connections.send(request, credentials, signal).catch((error: unknown) => {
        throw signal.aborted ? signal.reason : error;
      });
      if (answer.code === 401 && this.context.user.exec && tried === 1) {
        credentials = await credentialsOf(this.context, this.limit, true);
        continue;
      }
      const pause = isBusy(answer) ? pauseAsked(answer) : undefined;
      if (pause === undefined || request.once || tried > 3 || Date.now() + pause >= end) return answer;
      await sleep(pause);
    }
  }
}

function write(object: KubernetesObject, query: URLSearchParams): Omit<Request, "method"> {
  return { path: `${pathOf(object)}?${query.toString()}`, accept: "application/json", body: object };
}

/** An API server that is starting, or has too much to do, says so and when to come again. */
function isBusy({ code }: Answer): boolean {
  return code === 429 || code === 503;
}

function pauseAsked({ headers }: Answer): number {
  const seconds = Number(headers["retry-after"] ?? 1);
  return (Number.isFinite(seconds) ? seconds : 1) * 1000;
}
