import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { parse, stringify } from "yaml";
import { changes, failure, preview, up } from "../../support/engine";
import { startControlPlane } from "../../../sandbox/control-plane";
import { writeCertificates } from "../../../sandbox/control-plane/certificates";
import { installCrds } from "../../../sandbox/crds";
import { testCluster } from "./harness";

interface Kubeconfig {
  clusters: [{ cluster: { server: string; "certificate-authority-data": string } }];
  users: [{ user: Record<string, string> }];
}

describe("a cluster that the stack cannot work on ends in one message, with nothing made", function () {
  this.timeout("2m");
  const cluster = testCluster(startControlPlane);
  let foreign: string;
  before(async () => {
    foreign = mkdtempSync(path.join(tmpdir(), "image-registry-foreign-"));
    await writeCertificates(foreign);
  });
  after(() => rmSync(foreign, { recursive: true }));

  it("a cluster without the registry operator's CRDs", async () => {
    await assertStops({}, /no configs\.imageregistry\.operator\.openshift\.io\/cluster: is it OpenShift 4/);
  });

  it("a cluster with the CRDs, and without the registry's Config", async () => {
    await installCrds(cluster.controlPlane.kubeconfig, path.resolve("crds"));
    await assertStops(
      {},
      /no configs\.imageregistry\.operator\.openshift\.io\/cluster: .* capability enabled/,
    );
  });

  it("a context that the kubeconfig does not have", async () => {
    await assertStops({ context: "prod" }, /^context: "prod" is not in .*kubeconfig"?; it has "sandbox"$/);
  });

  it("a kubeconfig file that is not there", async () => {
    await assertStops({ kubeconfig: "/nowhere/config" }, /^kubeconfig: .*\/nowhere\/config/);
  });

  it("an API server that does not answer", async () => {
    const server = `https://127.0.0.1:${await closedPort()}`;
    const kubeconfig = edited((config) => (config.clusters[0].cluster.server = server));
    await assertStops(
      { kubeconfig },
      new RegExp(`cannot reach the cluster of .*${server}.*ECONNREFUSED.*VPN`),
    );
  });

  it("an API server with a certificate of another authority", async () => {
    const authority = readFileSync(path.join(foreign, "ca.crt")).toString("base64");
    const kubeconfig = edited(
      (config) => (config.clusters[0].cluster["certificate-authority-data"] = authority),
    );
    await assertStops({ kubeconfig }, /certificate-authority does not vouch for/);
  });

  it("a token that has expired", async () => {
    const kubeconfig = edited((config) => (config.users[0].user = { token: "sha256~expired" }));
    await assertStops({ kubeconfig }, /does not accept the kubeconfig's credentials \(401 .*log in again/);
  });

  it("a client certificate of another cluster", async () => {
    const data = (file: string) => readFileSync(path.join(foreign, file)).toString("base64");
    const user = { "client-certificate-data": data("admin.crt"), "client-key-data": data("admin.key") };
    const kubeconfig = edited((config) => (config.users[0].user = user));
    await assertStops({ kubeconfig }, /does not accept the kubeconfig's credentials \(401 .*log in again/);
  });

  async function assertStops(overlay: Record<string, unknown>, message: RegExp): Promise<void> {
    for (const operation of [preview, up]) {
      const { message: told, result } = await failure(operation(cluster.stack("dev", overlay)));
      assert.match(told, message);
      assert.equal(told.split("\n").length, 1);
      assert.deepEqual(changes(result).slice(1), [], "only the stack itself");
    }
  }

  /** The sandbox's kubeconfig, changed, as contents. */
  function edited(change: (config: Kubeconfig) => void): string {
    const config = parse(readFileSync(cluster.controlPlane.kubeconfig, "utf8")) as Kubeconfig;
    change(config);
    return stringify(config);
  }
});

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
