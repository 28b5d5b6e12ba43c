import "reflect-metadata"; // @peculiar/x509 needs it loaded first
import { generateKeyPairSync, webcrypto } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";

import * as x509 from "@peculiar/x509";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const tenYears = 10 * 365 * 24 * 3600 * 1000;

/**
 * The node that a real kubelet plays, see ../node. The API server lets it touch nothing of other nodes, and looks for it
 * by this name, which leads to this machine's end of a tunnel.
 */
export const kubeletNode = "localhost";

/** Who the API server takes the bearer of a certificate for: the user is its CN, the groups are its Os. */
const clients = {
  admin: "CN=sandbox-admin,O=system:masters",
  "kube-apiserver": "CN=kube-apiserver",
  "kube-controller-manager": "CN=system:kube-controller-manager",
  "kube-scheduler": "CN=system:kube-scheduler",
  kwok: "CN=kwok",
  kubelet: `CN=system:node:${kubeletNode},O=system:nodes`,
};
export type Client = keyof typeof clients;

/**
 * Writes a new authority (ca.crt; its key is never kept), the certificate of everything that serves (server.*), one
 * for each client (admin.*, …) and the key pair of service account tokens (service-account.*).
 */
export async function writeCertificates(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  x509.cryptoProvider.set(webcrypto);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=image-registry sandbox",
    keys,
    signingAlgorithm: algorithm,
    ...validity(),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  writeFileSync(path.join(folder, "ca.crt"), ca.toString("pem"));

  const issue = async (name: string, subject: string, extensions: x509.Extension[]) => {
    const own = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const certificate = await x509.X509CertificateGenerator.create({
      subject,
      issuer: ca.subject,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: algorithm,
      ...validity(),
      extensions: [new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true), ...extensions],
    });
    writeFileSync(path.join(folder, `${name}.crt`), certificate.toString("pem"));
    const key = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", own.privateKey));
    writeFileSync(path.join(folder, `${name}.key`), x509.PemConverter.encode(key, "PRIVATE KEY"), {
      mode: 0o600,
    });
  };
  await issue("server", "CN=sandbox", [
    // etcd's own gateway dials etcd with the serving certificate, so it must do as a client's too.
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
    new x509.SubjectAlternativeNameExtension([
      { type: "ip", value: "127.0.0.1" },
      { type: "dns", value: "localhost" },
    ]),
  ]);
  for (const [name, subject] of Object.entries(clients)) {
    await issue(name, subject, [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])]);
  }
  writeServiceAccountKeys(folder);
}

function writeServiceAccountKeys(folder: string): void {
  const { publicKey, privateKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  writeFileSync(path.join(folder, "service-account.pub"), publicKey);
  writeFileSync(path.join(folder, "service-account.key"), privateKey, { mode: 0o600 });
}

function validity() {
  const now = Date.now();
  return { notBefore: new Date(now - 3600_000), notAfter: new Date(now + tenYears) };
}
