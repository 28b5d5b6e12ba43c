import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { buildSync } from "esbuild";
import { projectDirectory, typescriptLoader } from "../../../project";

const entry = "test/integration/loader/starts.ts";
const planted = `{"code":"console.log('planted')","map":{"version":3,"sources":[],"mappings":""}}`;
// What the SDK does with an error that the program throws.
const asTheSdk = `process.on("unhandledRejection", (error) => console.error(error.stack))`;
const ways = {
  "a script": [...typescriptLoader, entry],
  "the program": ["--eval", `${asTheSdk}; require("./loader/bundle").bundled(${JSON.stringify(entry)})`],
};

for (const [what, args] of Object.entries(ways)) {
  describe(`loading TypeScript as ${what}`, function () {
    this.timeout(60_000);
    let folder: string;
    beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "image-registry-loader-"))));
    afterEach(() => rmSync(folder, { recursive: true }));

    it("runs what the source says, whatever others put where caches are or were", () => {
      mkdirSync(path.join(folder, `tsx-${process.getuid?.()}`));
      start(args, folder);
      for (const file of filesOf(folder)) writeFileSync(file, planted);
      const output = start(args, folder);
      assert.match(output, /as written/);
      assert.doesNotMatch(output, /planted/);
    });

    it("takes the TypeScript file where a script of the same name lies beside it", () => {
      assert.doesNotMatch(start(args, folder), /a script/);
    });

    it("tells where in the source an error arose", () => {
      assert.match(start(args, folder), /test\/integration\/loader\/fails\.ts:7:9\b/);
    });
  });
}

describe("the program as one file", function () {
  this.timeout(60_000);

  it("is loaded without the TypeScript compiler, which the SDK has at hand for what is seldom done", () => {
    const script = `
      require("./start.js");
      const loaded = () => Object.keys(require.cache).some((file) => /typescript\\/lib|vendor\\/typescript/.test(file));
      const before = loaded();
      const name = require("@pulumi/pulumi/typescript-shim").SyntaxKind[1];
      console.log(before, loaded(), typeof name);`;
    assert.equal(start(["--eval", script], tmpdir()), "false true string\n");
  });

  it("says `__dirname` in project.ts alone: elsewhere it would be another folder than the source's", () => {
    const { metafile } = buildSync({
      absWorkingDir: projectDirectory,
      entryPoints: ["index.ts", "policy/pack.ts"],
      bundle: true,
      packages: "external",
      platform: "node",
      metafile: true,
      write: false,
      outdir: "bundle",
    });
    const naming = Object.keys(metafile.inputs).filter((file) =>
      /\b(__dirname|__filename|require\.\w+)\b/.test(
        readFileSync(path.join(projectDirectory, file), "utf8").replace(/\/\*\*.*?\*\//gs, ""),
      ),
    );
    assert.deepEqual(naming, ["project.ts"]);
  });
});

function start(args: readonly string[], folder: string): string {
  const env = { PATH: process.env.PATH, HOME: folder, TMPDIR: folder, XDG_CACHE_HOME: folder };
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: projectDirectory,
    env,
    encoding: "utf8",
  });
  return stdout + stderr;
}

function filesOf(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.map((name) => path.join(folder, name)).filter((file) => statSync(file).isFile());
}
