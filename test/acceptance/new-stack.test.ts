import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { parse } from "yaml";

import { projectDirectory, typescriptLoader } from "../../project";
import { ofNobody } from "../../new-stack/ask";
import { newStack } from "../../new-stack/command";
import { testCluster } from "./program/harness";

describe("npm run new-stack", function () {
  this.timeout("5m");
  const cluster = testCluster();
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "new-stack-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const answered = ["--platform", "operator", "--backend", "nfs", "--server", "nfs.example.com"];
  const nfs = [...answered, "--path", "/srv/registry", "--size", "50Gi", "--replicas", "2", "--infra"];
  const made = (name: string, ...args: string[]) => {
    const said: string[] = [];
    const connection = ["--context", "sandbox", "--kubeconfig", cluster.controlPlane.kubeconfig];
    return newStack([name, ...connection, ...args], folder, ofNobody, (line) => said.push(line)).then(
      (stack) => ({
        stack,
        said,
      }),
    );
  };

  it("shows the cluster, writes the file, and says what follows", async () => {
    const { said } = await made("eu", ...nfs);
    assert.ok(
      said.some((line) => line.includes("of which for infra: infra-0, infra-1")),
      said.join("\n"),
    );
    assert.deepEqual(parse(readFileSync(path.join(folder, "Pulumi.eu.yaml"), "utf8")), {
      config: {
        "image-registry:context": "sandbox",
        "image-registry:backend": "nfs",
        "image-registry:replicas": 2,
        "image-registry:nfs": { server: "nfs.example.com", path: "/srv/registry", size: "50Gi" },
        "image-registry:placement": { infra: true },
      },
    });
    assert.deepEqual(
      said.slice(-3).map((line) => line.trim().split(" ").slice(0, 2).join(" ")),
      ["pulumi stack", "pulumi preview", "pulumi up"],
    );
  });

  it("never writes over a file that is there, nor one that the program would refuse", async () => {
    writeFileSync(path.join(folder, "Pulumi.eu.yaml"), "mine");
    await assert.rejects(made("eu", ...nfs), /Pulumi\.eu\.yaml is there already; nothing was changed/);
    assert.equal(readFileSync(path.join(folder, "Pulumi.eu.yaml"), "utf8"), "mine");
    const lossy = ["--platform", "operator", "--backend", "emptyDir", "--replicas", "1", "--no-infra"];
    await assert.rejects(made("prod", ...lossy), /stack "prod" is production/);
    assert.ok(!existsSync(path.join(folder, "Pulumi.prod.yaml")));
  });

  it("asks at a terminal, and takes what the cluster suggests at a press of Enter", function (done) {
    if (spawnSync("script", ["--version"]).error) {
      this.test!.title += " (pending: there is no `script` to make a terminal)";
      this.skip();
    }
    const name = `terminal-${process.pid}`;
    const file = path.join(projectDirectory, `Pulumi.${name}.yaml`);
    const args = [
      name,
      "--context",
      "sandbox",
      "--kubeconfig",
      cluster.controlPlane.kubeconfig,
      "--no-preview",
    ];
    const command = [process.execPath, ...typescriptLoader, "new-stack/main.ts", ...args].join(" ");
    const child = execFile(
      "script",
      ["-qec", command, "/dev/null"],
      { cwd: projectDirectory },
      (error, stdout) => {
        const said = stripVTControlCharacters(stdout);
        try {
          assert.equal(error, null, said);
          const { config } = parse(readFileSync(file, "utf8")) as { config: Record<string, unknown> };
          assert.deepEqual(config, {
            "image-registry:context": "sandbox",
            "image-registry:backend": "emptyDir",
            "image-registry:replicas": 1,
            "image-registry:placement": { infra: true },
          });
          done();
        } catch (failed) {
          done(failed);
        } finally {
          rmSync(file, { force: true });
        }
      },
    );
    const questions = [/Who runs/, /Where are images/, /Run on infra/, /Replicas:/];
    let seen = "";
    child.stdout!.on("data", (text: string) => {
      seen += stripVTControlCharacters(text);
      if (questions[0]?.test(seen)) {
        questions.shift();
        seen = "";
        child.stdin!.write("\r");
      }
    });
  });
});
