import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";

import { type ClusterConnection, type KubeUser, loadKubeconfig } from "../../kubernetes/kubeconfig";

/** A credential that ends. */
export interface Expiry {
  readonly what: "client certificate" | "token";
  /** ISO 8601. */
  readonly ends: string;
}

/** What the connection's user has that ends, soonest first; of a token that is no JWT nothing can be told. */
export function expiriesOf(connection: ClusterConnection): Expiry[] {
  const { user } = loadKubeconfig(connection);
  const found = [certificateEnd(user), tokenEnd(user)].filter((expiry) => expiry !== undefined);
  return found.sort((one, other) => one.ends.localeCompare(other.ends));
}

function certificateEnd(user: KubeUser): Expiry | undefined {
  const data = user["client-certificate-data"];
  const pem = data ? Buffer.from(data, "base64") : contentsOf(user["client-certificate"]);
  const ends = pem && attempt(() => new X509Certificate(pem).validToDate);
  return ends && { what: "client certificate", ends: ends.toISOString() };
}

function tokenEnd({ token, tokenFile }: KubeUser): Expiry | undefined {
  const text = token ?? contentsOf(tokenFile)?.toString().trim();
  const payload = text?.split(".")[1];
  const claims =
    payload && attempt(() => JSON.parse(Buffer.from(payload, "base64url").toString()) as unknown);
  const { exp } = (claims || {}) as { exp?: unknown };
  return typeof exp === "number" ? { what: "token", ends: new Date(exp * 1000).toISOString() } : undefined;
}

function contentsOf(file: string | undefined): Buffer | undefined {
  return file && existsSync(file) ? readFileSync(file) : undefined;
}

/** What is not what it should be tells nothing; whether the cluster takes it is the cluster's to say. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
