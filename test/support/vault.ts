import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import type { SecretsProvider } from "../../sandbox/engine";

/**
 * HashiCorp Vault's transit engine, as far as a stack's key passes through it. To derive that key from a passphrase takes the
 * CLI most of a second of processor time, each time that it starts. Ends with this process.
 */
export async function startVault(): Promise<SecretsProvider> {
  const server = createServer((request, response) => {
    void answer(request).then((data) => response.end(JSON.stringify({ data })));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  server.unref();
  return {
    url: "hashivault://stacks",
    environment: {
      VAULT_SERVER_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      VAULT_SERVER_TOKEN: "tests",
    },
  };
}

/** PUT /v1/transit/encrypt/NAME and /v1/transit/decrypt/NAME. */
async function answer(request: IncomingMessage): Promise<object> {
  const { plaintext, ciphertext } = (await json(request)) as { plaintext?: string; ciphertext?: string };
  return plaintext === undefined
    ? { plaintext: ciphertext?.replace(mark, "") }
    : { ciphertext: `${mark}${plaintext}` };
}

const mark = "vault:v1:";
