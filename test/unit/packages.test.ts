import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

interface Package {
  readonly version?: string;
  readonly deprecated?: string;
  readonly hasInstallScript?: boolean;
}

const project = JSON.parse(readFileSync("package.json", "utf8")) as {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly allowScripts: Record<string, boolean>;
};
const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as { packages: Record<string, Package> };
const installed = Object.entries(lock.packages).map(([folder, entry]) => ({
  name: folder.replace(/^.*node_modules\//, ""),
  ...entry,
}));

describe("the packages", () => {
  it("are each of one version, also the next time", () => {
    for (const [name, version] of Object.entries({ ...project.dependencies, ...project.devDependencies }))
      assert.match(version, /^\d+\.\d+\.\d+$/, name);
  });

  it("have no second copy of what Pulumi's SDK sends telemetry with, which is a third of all files", () => {
    const names = installed.map(({ name }) => name).filter((name) => name.startsWith("@opentelemetry/"));
    assert.deepEqual([...new Set(names)], names);
  });

  it("are none that its makers call deprecated", () => {
    assert.deepEqual(
      installed.filter(({ deprecated }) => deprecated !== undefined),
      [],
    );
  });

  it("run a script when they are installed only if that was decided by name", () => {
    const scripts = installed.filter(({ hasInstallScript }) => hasInstallScript).map(({ name }) => name);
    assert.deepEqual([...new Set(scripts)].sort(), Object.keys(project.allowScripts).sort());
  });

  it("bring the Node that all of this runs on, here and in CI", () => {
    const pinned = project.devDependencies["node"];
    assert.equal(process.version, `v${pinned}`);
    assert.equal(readFileSync(".nvmrc", "utf8").trim(), pinned);
  });
});
