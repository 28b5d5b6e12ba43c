import { generateKeyPairSync } from "node:crypto";

import { checkConfiguration } from "../../../config";
import { UserError } from "../../../errors";

/** Configuration as a stack file holds it, smallest that passes; tests add or change one thing. */
export const dev = { context: "dev", backend: "emptyDir" };
export const nfs = { server: "nfs.example.com", path: "/srv/registry", size: "100Gi" };
export const host = {
  hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE1hZGVVcEtleU9mTm9Ib3N0SW5UaGVXb3JsZDAwMDAw",
  clients: ["10.0.0.0/24"],
  uid: 5000,
  gid: 5000,
};
export const sshPrivateKey = generateKeyPairSync("ed25519")
  .privateKey.export({ type: "pkcs8", format: "pem" })
  .toString();
export const onNfs = (changes: object = {}) => ({ ...dev, backend: "nfs", nfs: { ...nfs, ...changes } });
export const onHost = (changes: object = {}) => ({
  ...onNfs({ host: { ...host, ...changes } }),
  sshPrivateKey,
});
export const onS3 = (changes: object = {}) => ({
  ...dev,
  backend: "s3",
  s3: { bucket: "images", region: "us-east-1", ...changes },
  s3AccessKey: "access",
  s3SecretKey: "secret",
});

/** Every problem that the configuration is refused for; none when it passes. */
export function problems(raw: Record<string, unknown>, stack = "dev"): string[] {
  try {
    checkConfiguration(raw, stack);
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const [, ...lines] = error.message.split("\n  - ");
    return lines;
  }
}

/** The one problem there must be. */
export function problem(raw: Record<string, unknown>, stack?: string): string {
  const all = problems(raw, stack);
  if (all.length !== 1) throw new Error(`not one problem but ${all.length}: ${all.join("; ")}`);
  return all[0] as string;
}
