import assert from "node:assert/strict";

import type { ExportSpec } from "../../../hosts/export-spec";
import { exportsFile } from "../../../hosts/exports-file";
import { firewalldRules, iptablesRules, nftRules, openPorts } from "../../../hosts/firewall";
import { parseQuantity } from "../../../kubernetes/quantity";

const spec: ExportSpec = {
  id: "registry",
  path: "/srv/registry",
  clients: ["10.0.0.0/24", "fd00:0::/64", "10.1.0.7/32"],
  uid: 5000,
  gid: 5001,
};

describe("texts for a host", () => {
  it("exports to each client on a line of its own, with every user squashed to the owner", () => {
    const options = "rw,sync,no_wdelay,no_subtree_check,all_squash,anonuid=5000,anongid=5001,sec=sys";
    assert.deepEqual(exportsFile(spec).split("\n").slice(1), [
      `/srv/registry 10.0.0.0/24(${options})`,
      `/srv/registry fd00::/64(${options})`,
      `/srv/registry 10.1.0.7(${options})`,
    ]);
  });

  it("passes kerberos and fsid through", () => {
    const line = exportsFile({ ...spec, security: "krb5p", fsid: 7 });
    assert.match(line, /sec=krb5p,fsid=7\)/);
  });

  it("opens 2049/tcp alone for NFSv4, and the five ports for NFSv3", () => {
    assert.deepEqual(openPorts(false), [{ port: 2049, protocol: "tcp" }]);
    const names = openPorts(true).map(({ port, protocol }) => `${port}/${protocol}`);
    assert.deepEqual(names.slice(0, 5), ["111/tcp", "2049/tcp", "20048/tcp", "50825/tcp", "53248/tcp"]);
    assert.equal(names.length, 10);
  });

  it("binds every firewall rule to its client, in the right address family", () => {
    assert.deepEqual(nftRules(spec.clients, false), [
      "ip saddr 10.0.0.0/24 tcp dport 2049 accept",
      "ip6 saddr fd00::/64 tcp dport 2049 accept",
      "ip saddr 10.1.0.7 tcp dport 2049 accept",
    ]);
    assert.deepEqual(
      iptablesRules(spec.clients, false, "tag").map((rule) => rule.slice(0, 24)),
      ["4 -s 10.0.0.0/24 -p tcp ", "6 -s fd00::/64 -p tcp -m", "4 -s 10.1.0.7/32 -p tcp "],
    );
    assert.match(
      firewalldRules(spec.clients, false)[1] ?? "",
      /^fd00::\/64 rule family="ipv6" source address="fd00::\/64" /,
    );
  });

  it("reads Kubernetes quantities", () => {
    assert.equal(parseQuantity("100Gi"), 100 * 2 ** 30);
    assert.equal(parseQuantity("1.5k"), 1500);
    assert.equal(parseQuantity("512"), 512);
    assert.equal(parseQuantity("1e3"), 1000);
    for (const text of ["", "Gi", "1 Gi", "1gi", "-1Gi", "1e", "0x10"])
      assert.equal(parseQuantity(text), undefined);
  });
});
