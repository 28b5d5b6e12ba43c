import {
  ApiException,
  KubernetesObjectApi,
  type KubernetesObject,
  PatchStrategy,
} from "@kubernetes/client-node";
import { UserError } from "../errors";
import { type ClusterConnection, loadKubeconfig } from "./kubeconfig";

export type { ClusterConnection } from "./kubeconfig";

const requestSeconds = 20;
const pageSize = 500;

/** What the program asks of a live cluster: a few reads, a dry run, and merge patches. */
export class ClusterClient {
  private readonly api: KubernetesObjectApi;
  private readonly where: string;

  constructor(connection: ClusterConnection) {
    const config = loadKubeconfig(connection);
    this.where = `context "${connection.context}" (${config.getCurrentCluster()?.server})`;
    this.api = KubernetesObjectApi.makeApiClient(config);
  }

  /** The object, or undefined when the cluster has no such object, kind or namespace. */
  async get<T extends KubernetesObject>(
    apiVersion: string,
    kind: string,
    name: string,
    namespace?: string,
  ): Promise<T | undefined> {
    const header = { apiVersion, kind, metadata: { name, namespace: namespace ?? "" } };
    return this.ask(() => this.api.read<KubernetesObject>(header)) as Promise<T | undefined>;
  }

  /** All objects of a kind, in one namespace or everywhere; undefined when the cluster does not have the kind. */
  async list<T extends KubernetesObject>(
    apiVersion: string,
    kind: string,
    namespace?: string,
  ): Promise<T[] | undefined> {
    return (await this.ask(() => this.api.list<T>(apiVersion, kind, namespace)))?.items;
  }

  /** Whether any object of the kind satisfies `test`, read page by page; undefined when the cluster lacks the kind. */
  async anyObject(
    apiVersion: string,
    kind: string,
    test: (object: KubernetesObject) => boolean,
  ): Promise<boolean | undefined> {
    let next: string | undefined;
    do {
      const page = await this.ask(() => this.page(apiVersion, kind, next));
      if (page === undefined) return undefined;
      if (page.items.some(test)) return true;
      next = page.metadata?._continue;
    } while (next);
    return false;
  }

  private page(apiVersion: string, kind: string, next: string | undefined) {
    const unfiltered = [undefined, undefined, undefined, undefined, undefined, undefined] as const;
    return this.api.list(apiVersion, kind, ...unfiltered, pageSize, next);
  }

  /** A JSON merge patch (RFC 7386), which unlike server-side apply can remove fields that another manager owns. */
  async mergePatch(
    object: KubernetesObject & { metadata: { name: string } },
    fieldManager: string,
  ): Promise<void> {
    await this.ask(() =>
      this.api.patch(object, undefined, undefined, fieldManager, undefined, PatchStrategy.MergePatch),
    );
  }

  /** The object as the server would keep it if it were put in place of the live one, defaults filled in. */
  async dryRunReplace<T extends KubernetesObject>(object: T): Promise<T | undefined> {
    return this.ask(() => this.api.replace(object, undefined, "All"));
  }

  private async ask<T>(request: () => Promise<T>): Promise<T | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`no answer within ${requestSeconds} s`)),
        requestSeconds * 1000,
      );
    });
    try {
      return await Promise.race([request(), timeout]);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      const code = error instanceof ApiException ? error.code : undefined;
      throw new ClusterError(this.explain(error), isTransient(error), code);
    } finally {
      clearTimeout(timer);
    }
  }

  private explain(error: unknown): string {
    if (error instanceof ApiException) {
      const message = statusMessage(error.body);
      if (error.code === 401) {
        return `${this.where} does not accept the kubeconfig's credentials (401 ${message}): they are expired or revoked; log in again and retry`;
      }
      if (error.code === 403)
        return `${this.where} forbids it: ${message}; grant the stack's user this right`;
      return `${this.where} answered ${error.code}: ${message}`;
    }
    const reason = error instanceof Error ? error.message : String(error);
    if (/certificate|self.signed|unable to verify/i.test(reason)) {
      return `${this.where} shows a certificate that the kubeconfig's certificate-authority does not vouch for: ${reason}`;
    }
    return `cannot reach the cluster of ${this.where}: ${reason}; check the address, the VPN and that the cluster is up`;
  }
}

/** A request the cluster did not fulfil, and whether asking again may help. */
export class ClusterError extends UserError {
  constructor(
    message: string,
    readonly transient: boolean,
    /** The HTTP status, when the cluster answered. */
    readonly code?: number,
  ) {
    super(message);
  }
}

// The object client looks a kind up by discovery first: an unknown kind is its own plain Error, not a 404.
function isNotFound(error: unknown): boolean {
  if (error instanceof ApiException) return error.code === 404;
  return error instanceof Error && /Unrecognized API version and kind/.test(error.message);
}

function isTransient(error: unknown): boolean {
  return !(error instanceof ApiException) || error.code === 429 || error.code >= 500;
}

function statusMessage(body: unknown): string {
  if (typeof body === "string") {
    try {
      return statusMessage(JSON.parse(body));
    } catch {
      return body.slice(0, 300);
    }
  }
  const message = (body as { message?: unknown } | undefined)?.message;
  return typeof message === "string" ? message : JSON.stringify(body ?? "").slice(0, 300);
}
