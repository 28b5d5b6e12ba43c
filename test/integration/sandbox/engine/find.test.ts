import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { UserError } from "../../../../errors";
import { findCli } from "../../../../sandbox/engine/find";
import { isExecutable } from "../../../../stack/cli";

describe("finding the Pulumi CLI", function () {
  this.timeout(60_000); // on a busy machine
  const environment = process.env;
  const { PATH } = environment;
  let folder: string;
  const log = () => undefined;
  const inFolder = (name: string) => path.join(folder, name);
  const script = (name: string, lines: string) => {
    mkdirSync(path.dirname(inFolder(name)), { recursive: true });
    writeFileSync(inFolder(name), lines, { mode: 0o755 });
  };
  const pulumi = (name: string, does: string) => script(`${name}/pulumi`, `#!/bin/sh\n${does}\n`);
  const onPath = (...names: string[]) =>
    (process.env["PATH"] = [...names.map(inFolder), PATH].join(path.delimiter));
  const failsWith = (...texts: string[]) =>
    assert.rejects(findCli({ log }), (error) => {
      assert.ok(error instanceof UserError, String(error));
      for (const text of texts) assert.ok(error.message.includes(text), error.message);
      return true;
    });

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "sandbox-cli-"));
    process.env = { ...environment };
  });
  afterEach(() => {
    process.env = environment;
    rmSync(folder, { recursive: true });
  });

  it("passes by what cannot be run: a folder of that name, a file that nobody may execute, a link to nothing", async () => {
    mkdirSync(inFolder("folder/pulumi"), { recursive: true });
    pulumi("data", "");
    chmodSync(inFolder("data/pulumi"), 0o644);
    mkdirSync(inFolder("link"));
    symlinkSync(inFolder("nothing"), inFolder("link/pulumi"));
    pulumi("real", "echo v3.99.0");
    onPath("folder", "data", "link", "real");
    const { path: file, version, origin } = await findCli({ log });
    assert.deepEqual([file, version, origin], [inFolder("real/pulumi"), "v3.99.0", "installed"]);
  });

  it("finds one by a relative PATH, wherever it is run then", async () => {
    pulumi("real", "echo v3.99.0");
    process.env["PATH"] = [path.relative(process.cwd(), inFolder("real")), PATH].join(path.delimiter);
    assert.equal((await findCli({ log })).path, inFolder("real/pulumi"));
  });

  it("says of an installed one that does not run which file it is, and what it said", async () => {
    pulumi("broken", "echo 'error while loading shared libraries: libc.so.6' >&2; exit 127");
    onPath("broken");
    await failsWith(inFolder("broken/pulumi"), "libc.so.6", "off PATH");
  });

  it("says so of a script whose interpreter is gone, and of one that is no CLI", async () => {
    script("orphan/pulumi", "#!/nowhere/sh\n");
    onPath("orphan");
    await failsWith(inFolder("orphan/pulumi"));
    pulumi("silent", "exit 0");
    onPath("silent");
    await failsWith(inFolder("silent/pulumi"), "tells no version");
  });

  it("takes the one that npm's package downloads, whose script nobody else can have changed", async () => {
    const install = `
      while [ $# -gt 0 ]; do [ "$1" != --install-root ] || root=$2; shift; done
      mkdir -p $root/bin; printf '#!/bin/sh\\necho v3.98.0\\n' > $root/bin/pulumi; chmod +x $root/bin/pulumi
      stat -c %a "$(dirname "$0")" > $root/mode; echo installed`;
    script("site.js", `globalThis.fetch = () => Promise.resolve(new Response(${JSON.stringify(install)}))`);
    Object.assign(process.env, {
      PATH: PATH!
        .split(path.delimiter)
        .filter((one) => !isExecutable(path.join(one, "pulumi")))
        .join(path.delimiter),
      NODE_OPTIONS: `--require ${inFolder("site.js")}`,
      PULUMI_HOME: folder,
      PULUMI_VERSION: "3.98.0",
      XDG_CACHE_HOME: folder,
    });
    const { version, origin } = await findCli({ log });
    assert.deepEqual([version, origin], ["v3.98.0", "brought by the npm package pulumi"]);
    assert.equal(readFileSync(inFolder("versions/3.98.0/mode"), "utf8"), "700\n");
  });

  it("waits for an installed one only as long as it is asked to", async () => {
    pulumi("hangs", "exec sleep 1000");
    onPath("hangs");
    const signal = AbortSignal.timeout(500);
    await assert.rejects(findCli({ log, signal }), (error) => error === signal.reason);
  });
});
