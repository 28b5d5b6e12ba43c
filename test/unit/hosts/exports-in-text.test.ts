import assert from "node:assert/strict";

import fc from "fast-check";

import { clientScript } from "../../../hosts/client-script";
import { canonicalClient, checkClient } from "../../../hosts/export-checks";
import { exportProblem, exportsIn } from "../../../hosts/exports-in-text";
import { serverScript } from "../../../hosts/server-script";

const problems = (text: string) => exportsIn(text).map(exportProblem);

describe("the exports in a text", () => {
  it("are those that a script was rendered with, and no other line of it", () => {
    const client = fc
      .oneof(fc.ipV4(), fc.ipV6())
      .map(canonicalClient)
      .filter((address) => checkClient(address) === undefined);
    const path = fc.stringMatching(/^\/exports(\/[A-Za-z0-9_][A-Za-z0-9._-]{0,9}){1,3}$/);
    fc.assert(
      fc.property(fc.uniqueArray(client, { minLength: 1, maxLength: 4 }), path, (clients, path) => {
        const found = exportsIn(
          serverScript({
            owner: { stack: "organization/image-registry/prod", cluster: "prod" },
            export: { id: "images", path, clients, uid: 5000, gid: 5000 },
          }),
        );
        assert.deepEqual(
          found.map((entry) => [entry.path, entry.client]),
          clients.map((one) => [path, one]),
        );
        assert.ok(found.every((entry) => entry.options.includes("all_squash") && !exportProblem(entry)));
      }),
      { numRuns: 40 },
    );
    assert.deepEqual(exportsIn(clientScript({ server: "10.0.0.1", path: "/srv/registry" })), []);
  });

  it("have a client each, also on one line", () => {
    assert.deepEqual(exportsIn("/srv/a 10.0.0.1(rw,sync) 10.1.0.0/16\t@nodes(ro)"), [
      { path: "/srv/a", client: "10.0.0.1", options: ["rw", "sync"] },
      { path: "/srv/a", client: "10.1.0.0/16", options: [] },
      { path: "/srv/a", client: "@nodes", options: ["ro"] },
    ]);
  });

  it("are seen with quotes around their names, those of exports(5) and those of a shell", () => {
    const world = /"\*" opens the export to every host/;
    for (const text of [
      '"/srv/my registry" *(rw)',
      String.raw`echo "\"/srv/my registry\" *(rw)" >> /etc/exports`,
      `echo '"/srv/my registry" *(rw)' >> /etc/exports`,
      `echo "/srv/my registry" '*(rw)' >> /etc/exports`,
      `printf '%s\\n' '/srv/a' "*(rw)"`,
      String.raw`/srv/my\040registry *(rw)`,
      `"/srv/a" "*"(rw)`,
      String.raw`echo /srv/a \*\(rw\) >> /etc/exports`,
      `echo /srv/a '*'"(rw)" >> /etc/exports`,
      String.raw`printf '/srv/a 10.0.0.1(rw)\n/srv/b\t*(rw)\n'`,
      String.raw`sed -i '$a\/srv/a *(rw)' /etc/exports`,
      "/srv/größe *(rw)",
      '"/" *(rw)',
    ])
      assert.match(problems(text).join(), world, text);
    assert.equal(exportsIn('"/srv/my registry" *(rw)')[0]!.path, "/srv/my registry");
  });

  it("are seen where a shell's variable has the name", () => {
    for (const name of ["$DIRECTORY", "${ROOT}/images", '"$ROOT/my registry"'])
      assert.match(problems(`cat > /etc/exports <<END\n${name} *(rw)\nEND`).join(), /"\*" opens/, name);
  });

  it("are seen on lines that go on, by exports(5) or by a shell", () => {
    assert.match(problems("/srv/a \\\r\n  *(rw)\r\n").join(), /"\*" opens the export/);
    assert.match(problems("/srv/a 10.0.0.1(rw) \\\n  *(ro)").join(), /"\*" opens the export/);
    assert.match(problems("/srv/a \\\n\t*(rw)").join(), /"\*" opens the export/);
    assert.match(problems("/srv/a 10.0.0.1(rw,\\\nno_root_squash)").join(), /no_root_squash/);
    assert.equal(exportsIn("/srv/a 10.0.0.1(rw) \\\n10.0.0.2(rw)").length, 2);
  });

  it("have options that stand before the clients", () => {
    assert.deepEqual(exportsIn("/srv/a -rw,no_root_squash 10.0.0.1 10.0.0.2(ro)"), [
      { path: "/srv/a", client: "10.0.0.1", options: ["rw", "no_root_squash"] },
      { path: "/srv/a", client: "10.0.0.2", options: ["rw", "no_root_squash", "ro"] },
    ]);
    assert.deepEqual(exportsIn("find /srv/a -name x -print; ls /srv/b -la c"), []);
  });

  it("are open to the world with a space before the options", () => {
    assert.deepEqual(problems("echo '/srv/a 10.0.0.1 (rw)'"), [
      undefined,
      '"" opens the export to every host; name the nodes\' networks',
    ]);
  });

  it("must not trust root of a client", () => {
    assert.match(problems("/srv/a 10.0.0.1(rw,no_root_squash)")[0] ?? "", /no_root_squash/);
  });

  it("are not found where a shell does something else with a path", () => {
    const shell = [
      "mkdir -p /srv/a && chown 1:1 /srv/a",
      'if [ "$(stat -c %u /srv/a)" = 0 ]; then rm /srv/a/b; fi',
      "x=$(ls /srv/a | wc -l) || (exit 1)",
      "awk '{ print $1 (x) }' /srv/a; echo yes / no (default)",
      "mount $DEVICE -rw /srv/a && mount -o rw,sync /srv/a /srv/b",
    ];
    assert.deepEqual(shell.flatMap(exportsIn), []);
  });
});
