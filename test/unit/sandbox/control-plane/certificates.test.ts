import assert from "node:assert/strict";
import { createPublicKey, X509Certificate } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { KubeConfig } from "@kubernetes/client-node";

import { writeCertificates } from "../../../../sandbox/control-plane/certificates";
import { writeKubeconfig } from "../../../../sandbox/control-plane/kubeconfig";

describe("the sandbox's certificates", function () {
  this.timeout(30_000); // on a busy machine
  let folder: string;
  const read = (name: string) => readFileSync(path.join(folder, name));
  const certificate = (name: string) => new X509Certificate(read(`${name}.crt`));

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "sandbox-pki-"));
    await writeCertificates(folder);
  });
  after(() => rmSync(folder, { recursive: true }));

  it("come from one authority that signs for nobody else afterwards", () => {
    const ca = certificate("ca");
    assert.ok(ca.ca && ca.verify(ca.publicKey));
    assert.ok(!existsSync(path.join(folder, "ca.key")));
  });

  for (const name of [
    "server",
    "admin",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok",
    "kubelet",
  ]) {
    it(`let ${name} prove itself, with a key that only its owner can read`, () => {
      const [ca, own] = [certificate("ca"), certificate(name)];
      assert.ok(own.checkIssued(ca) && own.verify(ca.publicKey) && !own.ca);
      const key = { key: read(`${name}.key`) };
      assert.ok(own.publicKey.equals(createPublicKey(key)));
      assert.equal(statSync(path.join(folder, `${name}.key`)).mode & 0o077, 0);
    });
  }

  it("serve loopback only", () => {
    assert.equal(certificate("server").subjectAltName, "IP Address:127.0.0.1, DNS:localhost");
  });

  it("let no client pose as a server", () => {
    assert.deepEqual(certificate("admin").keyUsage, ["1.3.6.1.5.5.7.3.2"]); // clientAuth
  });

  it("are all a client needs of the kubeconfig, whose one context is `sandbox`", () => {
    const file = path.join(folder, "kubeconfig");
    writeKubeconfig(file, { server: "https://127.0.0.1:6443", pki: folder, client: "admin" });
    const config = new KubeConfig();
    config.loadFromFile(file);
    assert.equal(config.getCurrentContext(), "sandbox");
    assert.equal(config.getCurrentCluster()?.server, "https://127.0.0.1:6443");
    assert.equal(config.getCurrentCluster()?.skipTLSVerify, false);
    assert.deepEqual(Buffer.from(config.getCurrentCluster()!.caData!, "base64"), read("ca.crt"));
    assert.deepEqual(Buffer.from(config.getCurrentUser()!.certData!, "base64"), read("admin.crt"));
    assert.equal(statSync(file).mode & 0o077, 0);
  });
});
