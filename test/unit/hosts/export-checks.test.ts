import assert from "node:assert/strict";

import fc from "fast-check";

import {
  canonicalClient,
  checkClient,
  checkClients,
  checkExportPath,
  checkId,
  checkMode,
  checkSecurity,
  checkServer,
  checkUid,
} from "../../../hosts/export-checks";
import { exportName, InvalidHost, validateServer, type ServerSpec } from "../../../hosts/export-spec";

const spec = (change: Partial<ServerSpec["export"]> = {}): ServerSpec => ({
  owner: { stack: "organization/image-registry/prod", cluster: "prod" },
  export: {
    id: "registry",
    path: "/srv/registry",
    clients: ["10.0.0.0/24"],
    uid: 5000,
    gid: 5000,
    ...change,
  },
});

describe("what an export may be", () => {
  it("takes plain directories", () => {
    for (const path of [
      "/srv/registry",
      "/exports/prod_1/image-registry",
      "/mnt/disk.2/registry",
      "/var/export/regvol",
      "/var/lib/registry",
    ]) {
      assert.equal(checkExportPath(path), undefined);
    }
  });

  it("refuses paths that would export something else, or more", () => {
    const hostile = [
      "srv/registry",
      "/",
      "/srv",
      "/etc/registry",
      "/var/lib",
      "/boot/grub",
      "/var/lib/image-registry",
      "/var/lib/image-registry/images",
      "/tmp/registry",
      "/usr/share/registry",
      "/srv/../etc",
      "/srv/registry/",
      "/srv//registry",
      "/srv/$(touch /x)",
      "/srv/a b",
      "/srv/a#b",
      '/srv/"a"',
      "/srv/'a'",
      "/srv/a\n/ *(rw)",
      "/srv/a\\040b",
      "/srv/-rf",
      `/${"a".repeat(300)}`,
    ];
    for (const path of hostile) assert.ok(checkExportPath(path), `${JSON.stringify(path)} was taken`);
  });

  it("refuses clients that are everybody", () => {
    for (const client of [
      "*",
      "0.0.0.0/0",
      "::/0",
      "0.0.0.0",
      "::",
      "10.0.0.0/0",
      "128.0.0.0/1",
      "2000::/3",
    ]) {
      assert.match(checkClient(client) ?? "", /every host|is wider than/, client);
    }
    assert.equal(
      checkClients(["10.0.0.0/24", "0.0.0.0/0"]),
      `[1]: "0.0.0.0/0" opens the export to every host; name the nodes' networks`,
    );
  });

  it("refuses clients that are no address or network", () => {
    const hostile = [
      "",
      "node-1",
      "*.example.com",
      "@group",
      "10.0.0.0/33",
      "10.0.0.0/24(rw)",
      "10.0.0.0/24 (rw)",
    ];
    hostile.push(
      "10.0.0.0/24\n/ *(rw)",
      "10.0.0.1/24",
      "010.0.0.0/8",
      "10.0.0",
      "fe80::1%eth0",
      "::ffff:10.0.0.1",
      "gss/krb5",
    );
    for (const client of hostile) assert.ok(checkClient(client), `${JSON.stringify(client)} was taken`);
  });

  it("says how to write a network whose address has bits beyond its prefix", () => {
    assert.match(checkClient("10.1.2.3/16") ?? "", /write 10\.1\.0\.0\/16/);
  });

  it("takes no client twice, in whatever spelling", () => {
    assert.match(checkClients(["10.0.0.5", "10.0.0.5/32"]) ?? "", /^\[1\]: .* same as \[0\]/);
    assert.match(checkClients(["fd00::/64", "FD00:0::/64"]) ?? "", /^\[1\]/);
    assert.match(checkClients([]) ?? "", /no client/);
  });

  it("takes every IPv4 network and spells it as exportfs does", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 223 }), fc.integer({ min: 8, max: 32 }), (first, prefix) => {
        const client = `${first}.0.0.0/${prefix}`;
        assert.equal(checkClient(client), undefined);
        assert.equal(canonicalClient(client), prefix === 32 ? `${first}.0.0.0` : client);
      }),
    );
  });

  it("refuses any text with a character that exports(5) reads as syntax", () => {
    const syntax = fc.constantFrom(
      " ",
      "\n",
      "\t",
      "(",
      ")",
      "#",
      "\\",
      '"',
      "'",
      "*",
      ",",
      "=",
      "$",
      "`",
      ";",
    );
    fc.assert(
      fc.property(fc.string(), syntax, fc.string(), (before, character, after) => {
        const text = before + character + after;
        assert.ok(checkExportPath(`/${text}`));
        assert.ok(checkClient(text));
        assert.ok(checkId(text));
        assert.ok(checkServer(text));
        assert.ok(checkSecurity(text));
      }),
    );
  });

  it("refuses root, modes open to every user and unknown security flavours", () => {
    assert.match(checkUid(0) ?? "", /root/);
    for (const uid of [-1, 1.5, 2 ** 31, Number.NaN]) assert.ok(checkUid(uid));
    assert.match(checkMode("0777") ?? "", /every user write/);
    assert.ok(checkMode("rwx"));
    assert.equal(checkMode("2770"), undefined);
    assert.equal(checkSecurity("krb5p:krb5i"), undefined);
    assert.ok(checkSecurity("none"));
  });

  it("names the key of the first value that is wrong", () => {
    assert.throws(
      () => validateServer(spec({ clients: ["*"] })),
      (error) => {
        assert.ok(error instanceof InvalidHost);
        return error.message.startsWith('nfs.clients[0]: "*" opens the export to every host');
      },
    );
    assert.throws(() => validateServer(spec({ path: "/a b" }), "export"), /^InvalidHost: export\.path: /);
    assert.throws(
      () => validateServer(spec({ minimumFree: "much" })),
      /nfs\.minimumFree: "much" is not a quantity/,
    );
    assert.doesNotThrow(() => validateServer(spec({ minimumFree: "100Gi" })));
  });

  it("gives an export with another path another name on its host", () => {
    assert.match(exportName(spec().export), /^registry-[0-9a-f]{8}$/);
    assert.notEqual(exportName(spec().export), exportName(spec({ path: "/srv/other" }).export));
    assert.equal(exportName(spec().export), exportName(spec({ clients: ["10.0.1.0/24"], uid: 7 }).export));
  });
});
