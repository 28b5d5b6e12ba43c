import type { Blob } from "./image";

const limitMilliseconds = 20_000;

/**
 * What is where the registry of an object store sends a reader; undefined where this machine does not get there. That it
 * sends at all says that the blob is there: it has asked the store.
 */
export async function redirected(location: string): Promise<{ code: number; body: Buffer } | undefined> {
  let answer: Response;
  try {
    // Without the registry's password: the address is signed itself.
    answer = await fetch(location, { signal: AbortSignal.timeout(limitMilliseconds) });
    return { code: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
  } catch {
    return undefined;
  }
}

/** What was not read, and why: for people. */
export function unreadText({ digest }: Pick<Blob, "digest">, location: string): string {
  const host = URL.canParse(location) ? new URL(location).host : location;
  return `${digest} is there, and was not read: the registry redirects to ${host}, which this machine does not reach`;
}
