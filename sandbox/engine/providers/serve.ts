import { main, type Provider } from "@pulumi/pulumi/provider";
// Not from `runtime`, all of which takes a third of the time to load again.
import { isRpcSecret, specialSecretSig, specialSigKey, unwrapRpcSecret } from "@pulumi/pulumi/runtime/rpc";

export type Properties = Record<string, unknown>;

/** Serves a stand-in for a package's provider to the engine that started this process: the address goes to stdout. */
export async function serve({ version }: { version: string }, provider: Provider): Promise<void> {
  await main({ version, ...provider }, process.argv.slice(2));
}

/** `random:index/randomPassword:RandomPassword` of a URN. */
export function typeOf(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}

export function unknownType(urn: string, key?: string): Error {
  return new Error(
    `the sandbox's stand-in does not know ${typeOf(urn)}${key === undefined ? "" : ` with ${key}`}`,
  );
}

/** A value as it is, without the engine's marks of what is secret. */
export function reveal(value: unknown): unknown {
  if (isRpcSecret(value)) return reveal(unwrapRpcSecret(value));
  if (Array.isArray(value)) return value.map(reveal);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, reveal(inner)]));
}

export function hasSecrets(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return isRpcSecret(value) || Object.values(value).some(hasSecrets);
}

export function secret(value: unknown): unknown {
  return { [specialSigKey]: specialSecretSig, value };
}
