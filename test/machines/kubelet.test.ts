import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { buildBinaries } from "../../sandbox/control-plane/binaries";
import { canRunMachines, installMachinePackages } from "../../sandbox/machines";
import { inNamespaces } from "../../sandbox/node/namespaces";
import { buildNodePrograms } from "../../sandbox/node/programs";
import { buildRegistry } from "../../sandbox/registry";
import { skip } from "../skip";

/** Without an emulated machine, which takes a quarter of an hour for the same: this one is the node. */
describe("a real kubelet, containerd and registry, in namespaces of this machine", function () {
  this.timeout("20m");
  const folder = mkdtempSync(path.join(tmpdir(), "kubelet-"));
  chmodSync(folder, 0o755); // the registry's user goes through it to its volumes
  after(() => rmSync(folder, { recursive: true }));

  before(async function () {
    const log = console.error;
    await installMachinePackages(log);
    const why = canRunMachines();
    if (why !== undefined) skip(this, why);
    // In the namespaces there is nothing to load modules from.
    await Promise.all([buildBinaries({ log }), buildRegistry({ log }), buildNodePrograms({ log })]);
  });

  it("take images along to another store, and are proved to keep them (what was seen is above)", async () => {
    const mocha = require.resolve("mocha/bin/mocha.js");
    const specs = ["copy-images", "operator"].map((name) => path.join(__dirname, `kubelet/${name}.ts`));
    const code = await inNamespaces(process.execPath, [mocha, "--bail", "--exit", ...specs], {
      ...process.env,
      TMPDIR: folder,
    });
    assert.equal(code, 0);
  });
});
