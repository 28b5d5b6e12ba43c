import { readFileSync, rmSync } from "node:fs";

import { execute } from "./execute";

export interface KeyPair {
  readonly file: string;
  /** PEM text. */
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA…` */
  readonly publicKey: string;
}

export async function createKeyPair(file: string): Promise<KeyPair> {
  rmSync(file, { force: true });
  await execute("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file]);
  const publicKey = readFileSync(`${file}.pub`, "utf8").trim();
  return { file, privateKey: readFileSync(file, "utf8"), publicKey };
}
