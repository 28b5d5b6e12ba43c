import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mock } from "node:test";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { fleetStatus, type FleetCommand } from "../../../../status/fleet/command";

describe("npm run status -- --all", () => {
  let folder: string;
  const said = { out: "", err: "" };
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "fleet-status-"));
    Object.assign(said, { out: "", err: "" });
    mock.method(console, "log", (text: string) => (said.out += text));
    mock.method(console, "error", (text: string) => (said.err += text));
  });
  afterEach(() => {
    mock.restoreAll();
    rmSync(folder, { recursive: true });
  });

  const status = (changed: Partial<FleetCommand>) =>
    fleetStatus({ stacks: ["nowhere"], atOnce: 1, overlay: {}, json: false, ...changed });

  it("reads a stack once that is named twice", async () => {
    assert.equal(await status({ stacks: ["nowhere", "nowhere"] }), 1);
    assert.match(said.out, /1 stack: 1 down$/);
  });

  it("says where a page cannot go before anything is read", async () => {
    await assert.rejects(status({ html: folder }), /--html ".*": cannot be written: it is a directory/);
    await assert.rejects(status({ html: path.join(folder, "no", "page.html") }), /cannot be written: ENOENT/);
    assert.equal(said.out, "");
  });

  it("shows what it read where the hub does not answer, says so, on the page, too, and does not end well", async () => {
    const [hub, html] = [path.join(folder, "hub"), path.join(folder, "page.html")];
    writeFileSync(hub, kubeconfig);
    assert.equal(await status({ hub, html }), 1);
    assert.match(said.out, /nowhere +cannot be told/);
    assert.match(said.err, /^warning: --hub: cannot reach the cluster of context "hub"/);
    assert.match(readFileSync(html, "utf8"), /class="notice"[^>]*>The hub said nothing: cannot reach/);
  });

  it("refuses a hub that is no kubeconfig before anything is read", async () => {
    await assert.rejects(status({ hub: path.join(folder, "hub") }), /--hub ".*": does not exist/);
    assert.equal(said.out, "");
  });
});

const kubeconfig = JSON.stringify({
  "current-context": "hub",
  clusters: [{ name: "c", cluster: { server: "http://127.0.0.1:1" } }],
  users: [{ name: "u", user: { token: "t" } }],
  contexts: [{ name: "hub", context: { cluster: "c", user: "u" } }],
});
