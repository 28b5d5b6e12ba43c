import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { parseAllDocuments } from "yaml";

import { UserError } from "../../../errors";
import { fleetCommand } from "../../../fleet/command";
import type { Checkout } from "../../../fleet/git";
import { emptyDir, nfs, stackFile, TestCheckout } from "./checkout";

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as { dependencies: Record<string, string> };

describe("npm run fleet", () => {
  let folder: string;
  const repository = new TestCheckout();
  let checkout: Checkout;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "fleet-"));
    const files = { "Pulumi.dev.yaml": stackFile(emptyDir), "Pulumi.prod.yaml": stackFile(nfs) };
    ({ checkout } = repository.commit(files));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const fleet = (...args: string[]) =>
    fleetCommand(
      ["--image", "ws:1", "--repository", "https://git.example.com/r.git", "--output", folder, ...args],
      checkout,
    );

  it("writes the stacks of a commit, and says who applies what and which Secrets it takes", () => {
    const said = fleet();
    for (const file of ["hub", "stacks", "production"])
      assert.ok(said.includes(path.join(folder, `${file}.yaml`)));
    assert.match(said, /^ {2}image-registry-fleet-production\/prod-kubeconfig$/m);
    const documents = parseAllDocuments(readFileSync(path.join(folder, "stacks.yaml"), "utf8"));
    const names = documents.map(
      (document) => (document.toJS() as { metadata: { name: string } }).metadata.name,
    );
    assert.deepEqual(names.sort(), ["dev", "prod-preview"]);
  });

  it("refuses a commit that no remote has, and takes it once it is pushed", () => {
    const remote = path.join(folder, "remote.git");
    repository.git("init", "--quiet", "--bare", remote);
    repository.git("remote", "add", "origin", remote);
    assert.throws(() => fleet(), /no branch of a remote has it, so the hub cannot fetch it; push it/);
    repository.git("push", "--quiet", "origin", "main");
    assert.match(fleet(), /stacks\.yaml/);
  });

  const refused: [string, string[], RegExp][] = [
    [
      "a URL with credentials",
      ["--repository", "https://me:pw@git.example.com/r.git"],
      /holds a user's credentials/,
    ],
    [
      "a repository on this disk",
      ["--repository", "/srv/r.git"],
      /--repository "\/srv\/r.git": the hub cannot fetch/,
    ],
    ["an image that may change", ["--image", "ws"], /--image "ws": has neither tag nor digest/],
    ["a rhythm the operator does not keep", ["--every", "30"], /--every "30": must be .* at least 60/],
    ["a commit that is not there", ["--commit", "nowhere"], /--commit "nowhere": there is no such commit/],
    ["a stack that is not there", ["nowhere"], /stack "nowhere": commit \w+ has no Pulumi.nowhere.yaml/],
    ["a preview of no stack", ["--preview-only", "x"], /--preview-only "x": is not among the stacks/],
  ];
  for (const [what, args, message] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => fleet(...args),
        (error: Error) =>
          error instanceof UserError && message.test(error.message) && !error.message.includes("pw"),
      );
    });
  }
});

describe("the workspaces' image", () => {
  const containerfile = readFileSync("fleet/Containerfile", "utf8");

  it("has the CLI of the SDK's version", () => {
    assert.match(
      containerfile,
      new RegExp(`^ARG PULUMI_VERSION=${manifest.dependencies["@pulumi/pulumi"]}$`, "m"),
    );
  });

  it("gets a plugin for every provider's package", () => {
    const providers = Object.keys(manifest.dependencies).filter((name) =>
      /^@pulumi\/(?!pulumi$|policy$)/.test(name),
    );
    const named = /for name in ([\w ]+);/
      .exec(containerfile)![1]!
      .split(" ")
      .map((name) => `@pulumi/${name}`);
    assert.deepEqual(named.sort(), providers.sort());
  });

  it("runs as nobody in particular", () => {
    assert.match(containerfile.trim().split("\n").at(-1)!, /^USER 1000:1000$/);
  });

  describe("in npm's place", () => {
    let image: string;
    let checkout: string;
    beforeEach(() => {
      const folder = realpathSync(mkdtempSync(path.join(tmpdir(), "fleet-")));
      [image, checkout] = [path.join(folder, "image"), path.join(folder, "checkout")];
      for (const made of [`${image}/fleet`, `${image}/node_modules/x`, checkout])
        mkdirSync(made, { recursive: true });
      cpSync("fleet/npm.sh", `${image}/fleet/npm.sh`);
      for (const at of [image, checkout]) writeFileSync(`${at}/package-lock.json`, "{}");
    });
    afterEach(() => rmSync(path.dirname(image), { recursive: true }));
    const install = () =>
      spawnSync(`${image}/fleet/npm.sh`, ["install", "--loglevel=error"], {
        cwd: checkout,
        encoding: "utf8",
      });

    it("gives a checkout the image's dependencies, again when asked again", () => {
      for (let time = 1; time <= 2; time++) assert.equal(install().status, 0);
      assert.equal(realpathSync(`${checkout}/node_modules/x`), `${image}/node_modules/x`);
    });

    it("refuses a commit that asks for others", () => {
      writeFileSync(`${checkout}/package-lock.json`, "{ }");
      const { status, stderr } = install();
      assert.equal(status, 1);
      assert.match(stderr, /made of another package-lock\.json/);
    });

    it("lets shellcheck find nothing", function () {
      if (spawnSync("shellcheck", ["--version"]).error) {
        this.test!.title += " (pending: shellcheck is not installed)";
        this.skip();
      }
      execFileSync("shellcheck", ["fleet/npm.sh"]);
    });
  });
});
