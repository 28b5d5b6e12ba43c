import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { loadKubeconfig } from "../../../kubernetes/kubeconfig";
import { connectionTo } from "./api-server";

describe("the kubeconfig", () => {
  let folder: string;
  let before: string | undefined;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "image-registry-kubeconfig-"));
    before = process.env["KUBECONFIG"];
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
    if (before === undefined) delete process.env["KUBECONFIG"];
    else process.env["KUBECONFIG"] = before;
  });

  const file = (name: string, contents: string | object) => {
    const full = path.join(folder, name);
    mkdirSync(path.dirname(full), { recursive: true });
    writeFileSync(full, typeof contents === "string" ? contents : JSON.stringify(contents));
    return full;
  };
  const named = (name: string, server: string, user: object = {}) => ({
    clusters: [{ name, cluster: { server, "certificate-authority": "ca.crt" } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  });

  it("may be several files, of which those that are missing are passed over", () => {
    const dev = file("dev", named("dev", "https://dev"));
    const prod = file("prod", named("prod", "https://prod"));
    process.env["KUBECONFIG"] = [path.join(folder, "none"), dev, "", prod].join(path.delimiter);
    assert.equal(loadKubeconfig({ kubeconfig: "", context: "dev" }).cluster.server, "https://dev");
    assert.equal(loadKubeconfig({ kubeconfig: "", context: "prod" }).cluster.server, "https://prod");
  });

  it("takes what the first of its files says of a name", () => {
    const first = file("first", named("dev", "https://first"));
    const second = file("second", named("dev", "https://second"));
    process.env["KUBECONFIG"] = [first, second].join(path.delimiter);
    assert.equal(loadKubeconfig({ kubeconfig: "", context: "dev" }).cluster.server, "https://first");
  });

  it("is an error when none of its files is there, which names them", () => {
    process.env["KUBECONFIG"] = path.join(folder, "none");
    assert.throws(
      () => loadKubeconfig({ kubeconfig: "", context: "dev" }),
      /none is configured, and .*\/none does not exist/,
    );
  });

  it("names files from its own folder, and a plugin that is more than a name", () => {
    const kubeconfig = file(
      "kube/config",
      named("dev", "https://dev", {
        tokenFile: "token",
        "client-key": "/etc/key",
        exec: { command: "./login" },
      }),
    );
    const { cluster, user } = loadKubeconfig({ kubeconfig, context: "dev" });
    assert.equal(cluster["certificate-authority"], path.join(folder, "kube/ca.crt"));
    assert.equal(user.tokenFile, path.join(folder, "kube/token"));
    assert.equal(user["client-key"], "/etc/key");
    assert.equal(user.exec?.command, path.join(folder, "kube/login"));
  });

  it("says which contexts there are when the stack's is not among them", () => {
    const { kubeconfig } = connectionTo("https://dev");
    assert.throws(
      () => loadKubeconfig({ kubeconfig, context: "prod" }),
      /context: "prod" is not in kubeconfig; it has "test"/,
    );
  });

  it("that is damaged is named, and what stands in it is not shown", () => {
    const kubeconfig = file("config", "users: [{name: a, user: {token: secret-token}\n  : x");
    assert.throws(
      () => loadKubeconfig({ kubeconfig, context: "dev" }),
      (error: Error) => error.message.includes(kubeconfig) && !error.message.includes("secret-token"),
    );
  });
});
