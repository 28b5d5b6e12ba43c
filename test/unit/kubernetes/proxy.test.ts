import assert from "node:assert/strict";
import { proxyOf } from "../../../kubernetes/proxy";

const proxy = "http://proxy.example.com:3128";
const server = "https://api.prod.example.com:6443";

function taken(exceptions: string, url = server): boolean {
  return proxyOf(new URL(url), { HTTPS_PROXY: proxy, NO_PROXY: exceptions }) !== undefined;
}

describe("the way to the API server", () => {
  it("goes through HTTPS_PROXY, or HTTP_PROXY where the server speaks plain HTTP, also in lower case", () => {
    const plain = new URL("http://api.prod.example.com:8080");
    assert.equal(proxyOf(new URL(server), { HTTPS_PROXY: proxy }), proxy);
    assert.equal(proxyOf(new URL(server), { https_proxy: proxy }), proxy);
    assert.equal(proxyOf(new URL(server), { HTTP_PROXY: proxy }), undefined);
    assert.equal(proxyOf(plain, { http_proxy: proxy }), proxy);
    assert.equal(proxyOf(plain, { HTTPS_PROXY: proxy }), undefined);
    assert.equal(proxyOf(new URL(server), {}), undefined);
  });

  it("goes through a proxy that is given without a scheme", () => {
    assert.equal(
      proxyOf(new URL(server), { HTTPS_PROXY: "proxy.example.com:3128" }),
      "http://proxy.example.com:3128",
    );
  });

  const around: [exceptions: string, url?: string][] = [
    ["*"],
    ["example.com"],
    [".example.com"],
    ["*.example.com"],
    ["other.org, API.prod.Example.com"],
    ["example.com:6443"],
    ["api.prod.example.com:443", "https://api.prod.example.com"],
    ["10.0.0.0/8", "https://10.1.2.3:6443"],
    ["10.1.2.3", "https://10.1.2.3:6443"],
    ["10.1.2.3:6443", "https://10.1.2.3:6443"],
    ["fd00::/8", "https://[fd00::5]:6443"],
    ["fd00::5", "https://[fd00::5]:6443"],
    ["[fd00:0::5]:6443", "https://[fd00::5]:6443"],
    ["", "https://localhost:6443"],
    ["", "https://127.0.0.9:6443"],
    ["", "https://[::1]:6443"],
  ];
  for (const [exceptions, url = server] of around) {
    it(`goes around the proxy to ${url} with NO_PROXY "${exceptions}"`, () =>
      assert.equal(taken(exceptions, url), false));
  }

  const through: [exceptions: string, url?: string][] = [
    ["ample.com"],
    [".api.prod.example.com"],
    ["*.api.prod.example.com"],
    ["example.com:443"],
    ["10.0.0.0/8"],
    ["10.0.0.0/16", "https://10.1.2.3:6443"],
    ["10.1.2.3:443", "https://10.1.2.3:6443"],
    ["10.1.2", "https://10.1.2.3:6443"],
    ["10.0.0.0/8", "https://[fd00::5]:6443"],
    [",,:6443, "],
  ];
  for (const [exceptions, url = server] of through) {
    it(`goes through the proxy to ${url} with NO_PROXY "${exceptions}"`, () =>
      assert.equal(taken(exceptions, url), true));
  }
});
