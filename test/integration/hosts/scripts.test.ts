import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { bash, clientScript, command, exportStatusScript, serverScript } from "../../../hosts";
import { skip } from "../../skip";

const hosts = join(__dirname, "../../../hosts");
const server = serverScript({
  owner: { stack: "organization/image-registry/prod", cluster: "prod" },
  export: {
    id: "registry",
    path: "/srv/registry",
    clients: ["10.0.0.0/24", "fd00::/64"],
    uid: 5000,
    gid: 5000,
  },
  protocols: { nfs3: true },
});
const client = clientScript({ server: "10.0.0.1", path: "/srv/registry" });

function shellcheck(args: string[], input?: string): string {
  const { stdout, status } = spawnSync("shellcheck", args, { input, encoding: "utf8" });
  return status === 0 ? "" : stdout;
}

describe("the scripts sent to hosts", function () {
  this.timeout(120_000);

  describe("under shellcheck", () => {
    before(function () {
      // Debian's and Fedora's package is called shellcheck.
      if (spawnSync("shellcheck", ["--version"]).error) skip(this, "shellcheck is not installed");
    });

    it("have no fault, each as a whole", () => {
      const scripts = [server, client, exportStatusScript("/srv/registry")];
      for (const file of readdirSync(hosts).filter((name) => name.endsWith(".sh"))) {
        const text = readFileSync(join(hosts, file), "utf8");
        assert.ok(
          scripts.some((script) => script.includes(text)),
          `${file} is in none of them`,
        );
      }
      for (const script of scripts) {
        // SC2317: functions that are called by name look unreachable.
        assert.equal(shellcheck(["--shell=bash", "--exclude=SC2317,SC2329", "-"], script), "");
      }
    });
  });

  it("does nothing when the connection is lost before the last line", () => {
    const cut = server.slice(0, server.lastIndexOf("main "));
    const { status, stdout, stderr } = spawnSync("env", [...bash, "apply"], {
      input: cut,
      encoding: "utf8",
    });
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: "", stderr: "" });
  });

  it("hands no value to the command line, which a failure prints", () => {
    assert.equal(
      command("remove"),
      `if [ "$(id -u)" = 0 ]; then exec timeout --kill-after=30 1800 bash --norc -c 'eval "$(cat)"' bash remove; ` +
        `else exec sudo -n timeout --kill-after=30 1800 bash --norc -c 'eval "$(cat)"' bash remove; fi`,
    );
  });

  it("takes a path of somebody else's server as a word, whatever it holds, and refuses more than one line", () => {
    for (const path of ["/srv/$(touch /x)", "/srv/a b", "/srv/#"])
      assert.ok(clientScript({ server: "10.0.0.1", path }).includes(`\nEXPORT_PATH='${path}'\n`), path);
    assert.throws(() => clientScript({ server: "10.0.0.1", path: "/srv/a\n/ *(rw)" }), /nfs\.path/);
    assert.throws(() => clientScript({ server: "10.0.0.1:/ x", path: "/srv/registry" }), /nfs\.server/);
  });
});
