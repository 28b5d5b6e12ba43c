import { UserError } from "../errors";
import type { Answer } from "./http";

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

/** Nothing came back in time, or there is no way to the server. */
export class NoAnswer extends ClusterError {
  constructor(message: string) {
    super(message, true);
  }
}

/** Undefined where this user may not ask. */
export async function unlessForbidden<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof ClusterError && error.code === 403) return undefined;
    throw error;
  }
}

/** What the server's refusal means for the user. */
export function errorOfAnswer({ code, body }: Answer, where: string): ClusterError {
  const message = statusMessage(body);
  const transient = code === 429 || code >= 500;
  return new ClusterError(explanation(code, message, where), transient, code);
}

function explanation(code: number, message: string, where: string): string {
  if (code === 401) {
    return `${where} does not accept the kubeconfig's credentials (401 ${message}): they are expired or revoked; log in again and retry`;
  }
  if (code === 403) return `${where} forbids it: ${message}; grant the stack's user this right`;
  return `${where} answered ${code}: ${message}`;
}

/** What it means for the user that no answer came. */
export function explained(error: unknown, where: string, limit: number): ClusterError {
  const reason = isTimeout(error) ? `no answer within ${limit / 1000} s` : reasonOf(error);
  const unknownCertificate = /certificate|self.signed|unable to verify/i.test(reason);
  if (unknownCertificate)
    return new ClusterError(
      `${where} shows a certificate that the kubeconfig's certificate-authority does not vouch for: ${reason}`,
      true,
    );
  return new NoAnswer(
    `cannot reach the cluster of ${where}: ${reason}; check the address, the VPN and that the cluster is up`,
  );
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError");
}

function reasonOf(error: unknown): string {
  // A name with several addresses fails once for each.
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(", ");
  return error instanceof Error ? error.message : String(error);
}

function statusMessage(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    if (typeof message === "string") return message;
  } catch {
    // A proxy's page, say.
  }
  return body.slice(0, 300);
}
