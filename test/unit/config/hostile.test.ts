import assert from "node:assert/strict";
import fc from "fast-check";
import { host, onHost, onNfs, problem, problems } from "../support/configuration";
import { patience } from "../support/monitor";

/** Whatever passes these keys is written to exports(5) or handed to mount; what a message shows must stay on its line. */
const worlds = ["*", "0.0.0.0/0", "::/0", "0.0.0.0", "::", "/0", "", "0.0.0.0/00"];
const meta = fc.constantFrom(..." \t\n\r\"'`$;|&<>(){}[]*?!#\\,=~\0\u2028");
const withMeta = (prefix: string) =>
  fc.tuple(fc.string(), meta, fc.string()).map(([before, char, after]) => prefix + before + char + after);

/** With the path that the stack is to export itself. */
const served = (path: string) => {
  const raw = onHost();
  return { ...raw, nfs: { ...raw.nfs, path } };
};

describe("nfs.path of a host that the stack makes", function () {
  this.timeout(patience);
  it("refuses parents, quotes, newlines and all that a shell or exports file reads", () => {
    for (const path of [
      "/srv/../etc",
      "/srv/..",
      "/srv/a\n/etc *(rw)",
      '/srv/"a"',
      "/srv/a b",
      "srv",
      "/",
      "/etc",
      "",
    ]) {
      assert.match(problem(served(path)), /^nfs\.path: /, path);
    }
  });

  it("never takes a path with a special character in it", () => {
    fc.assert(fc.property(withMeta("/srv/"), (path) => problems(served(path)).length > 0));
  });

  it("never takes a path that leads elsewhere than it says", () => {
    const part = fc.constantFrom("..", ".", "", "data");
    const hostile = fc
      .array(part, { minLength: 1, maxLength: 5 })
      .filter((parts) => parts.some((one) => one !== "data"))
      .map((parts) => `/srv/${parts.join("/")}`);
    fc.assert(fc.property(hostile, (path) => problems(served(path)).length > 0));
  });

  it("takes only plain absolute paths", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary-ascii" }), (path) => {
        assert.ok(problems(served(path)).length > 0 || /^(\/[\w][\w.-]*)+$/.test(path), path);
      }),
    );
  });

  it("tells a wrong one on one line, whatever it holds", () => {
    fc.assert(fc.property(withMeta("/srv/"), (path) => !/[\n\r\0]/.test(problem(served(path)))));
  });
});

describe("nfs.path of somebody else's server", function () {
  this.timeout(patience);

  it("is any absolute path: the root of NFSv4, and what an appliance calls its exports", () => {
    for (const path of [
      "/",
      "/fs-0123",
      "/Volumes/My Share",
      "/svm@prod/vol:1",
      "/srv/registry/",
      "/größe",
      "/etc",
    ])
      assert.deepEqual(problems(onNfs({ path })), [], path);
  });

  it("is on one line, absolute, and leads nowhere else", () => {
    const hostile = fc.constantFrom(
      "srv",
      "",
      "/srv/../etc",
      "/..",
      "/a\nb",
      "/a\0",
      "/a\u2028b",
      `/${"a".repeat(2000)}`,
    );
    fc.assert(fc.property(hostile, (path) => /^nfs\.path: [^\n\r\0\u2028]*$/.test(problem(onNfs({ path })))));
  });
});

describe("the user of a host, and of a bastion", () => {
  it("is a name that ssh is given as it is", () => {
    const bastion = (user: string) => ({ address: "b.example.com", hostKey: host.hostKey, user });
    for (const user of ["-x", "größe", "ops\u200b", "ops\0", "$(id)", "a b", "a:b", ""]) {
      assert.match(problem(onHost({ user })), /^nfs\.host\.user: .* is not the name of a user/);
      assert.match(
        problem(onHost({ bastion: bastion(user) })),
        /^nfs\.host\.bastion\.user: .* is not the name/,
      );
    }
    for (const user of ["root", "svc.nfs-1", "EXAMPLE\\ops", "ops@example.com", "machine$"])
      assert.deepEqual(problems(onHost({ user, bastion: bastion(user) })), []);
  });
});

describe("nfs.host.clients", function () {
  this.timeout(patience);
  it("refuses every spelling of the whole world", () => {
    for (const client of worlds) {
      assert.match(
        problem(onHost({ clients: ["10.0.0.0/24", client] })),
        /^nfs\.host\.clients\[1\]: .*every host/,
        client,
      );
    }
  });

  it("refuses networks so wide that they are the world in parts", () => {
    for (const client of ["0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/7", "2000::/3"]) {
      assert.match(problem(onHost({ clients: [client] })), /^nfs\.host\.clients\[0\]: .*wider than/, client);
    }
  });

  it("refuses names, options and whatever else would follow an address", () => {
    for (const client of [
      "nodes.example.com",
      "@netgroup",
      "10.0.0.1(rw)",
      "10.0.0.1 (rw)",
      "10.0.0.0/24 *",
      "10.0.0.1\n*",
    ]) {
      assert.match(problem(onHost({ clients: [client] })), /^nfs\.host\.clients\[0\]: /, client);
    }
  });

  it("never takes an address with a special character in or around it", () => {
    const around = fc.tuple(fc.constantFrom("10.0.0.1", "10.0.0.0/24", "fd00::1"), meta, fc.string());
    const hostile = around.chain(([client, char, more]) =>
      fc.constantFrom(client + char + more, more + char + client),
    );
    fc.assert(fc.property(hostile, (client) => problems(onHost({ clients: [client] })).length > 0));
  });

  it("takes nothing but addresses and networks", () => {
    const shaped = fc.stringMatching(/^[0-9a-f.:/*@()-]{0,20}$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), shaped), (client) => {
        const passes = problems(onHost({ clients: [client] })).length === 0;
        assert.ok(!passes || /^[0-9a-fA-F.:]+(\/[1-9]\d{0,2})?$/.test(client), client);
      }),
    );
  });

  it("takes the nodes' addresses and networks", () => {
    fc.assert(
      fc.property(
        fc.ipV4(),
        (client) => client === "0.0.0.0" || problems(onHost({ clients: [client] })).length === 0,
      ),
    );
    assert.deepEqual(problems(onHost({ clients: ["10.0.0.0/24", "192.168.7.0/25", "fd00:1::/64"] })), []);
    for (const [one, same] of [
      ["10.0.0.0/24", "10.0.0.0/24"],
      ["fd00:1::/64", "fd00:0001:0::/64"],
      ["10.0.0.5", "10.0.0.5/32"],
    ])
      assert.match(
        problem(onHost({ clients: [one, same] })),
        /^nfs\.host\.clients\[1\]: .* is the same as \[0\]; name it once$/,
      );
  });
});

describe("nfs.server", function () {
  this.timeout(patience);
  it("takes a host name or an address, and never a character more", () => {
    for (const server of ["nfs.example.com", "10.0.0.5", "fd00::5"])
      assert.deepEqual(problems(onNfs({ server })), []);
    fc.assert(fc.property(withMeta("nfs.example.com"), (server) => problems(onNfs({ server })).length > 0));
  });
});
