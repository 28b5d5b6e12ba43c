import assert from "node:assert/strict";
import { accessSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import puppeteer, { type Browser, type Page } from "puppeteer-core";

import { fleetPage } from "../../status/fleet/page";
import { byCare, type Level, levels, type Row } from "../../status/fleet/row";

const chromium = "/usr/bin/chromium";

describe("the page of many stacks, in a browser", function () {
  this.timeout("3m");
  let folder: string;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  before("opens it", async function () {
    try {
      accessSync(chromium);
    } catch {
      this.test!.parent!.title += ` (pending: there is no ${chromium})`;
      this.skip();
    }
    folder = mkdtempSync(path.join(tmpdir(), "fleet-page-"));
    const rows = Array.from({ length: 50 }, (_, index) => row(index)).sort(byCare);
    writeFileSync(path.join(folder, "page.html"), fleetPage(rows, new Date()));
    browser = await puppeteer.launch({
      executablePath: chromium,
      userDataDir: path.join(folder, "profile"),
      protocolTimeout: 170_000,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
      ],
    });
    page = await browser.newPage();
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => {
      if (!request.url().startsWith("file:")) complaints.push(`asked for ${request.url()}`);
    });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
    await page.goto(`file://${path.join(folder, "page.html")}`);
  });
  after("closes it", async () => {
    await browser?.close();
    if (folder) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  // As text, for the project's types know no browser.
  const shown = () => page.evaluate("document.querySelectorAll('tbody:not([hidden])').length");
  const background = () => page.evaluate("getComputedStyle(document.body).backgroundColor");

  it("shows every stack, and has its own style and script take effect", async () => {
    assert.equal(await shown(), 50);
    assert.equal(await background(), "rgb(246, 247, 249)");
  });

  it("shows those of a kind at a click, and all of them at another", async () => {
    await page.click('.tile[data-level="down"]');
    assert.equal(await shown(), 13);
    await page.click('.tile[data-level="down"]');
    assert.equal(await shown(), 50);
  });

  it("shows those with the words that are typed, and says when there is none", async () => {
    await page.type("#search", "edge-7 SERVES");
    assert.equal(await shown(), 1);
    await page.type("#search", " nowhere");
    assert.deepEqual(
      [await shown(), await page.evaluate("document.getElementById('none').hidden")],
      [0, false],
    );
    await page.evaluate("search.value = ''; search.dispatchEvent(new Event('input'))");
    assert.equal(await shown(), 50);
  });

  it("is dark where the reader's system is, and light again at a click", async () => {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
    assert.equal(await background(), "rgb(13, 17, 23)");
    await page.click("#theme");
    assert.equal(await background(), "rgb(246, 247, 249)");
  });

  for (const width of [1280, 1000, 400]) {
    it(`has every stack in sight on a screen of ${width} pixels, with nothing to scroll to the side for`, async () => {
      await page.setViewport({ width, height: 800 });
      const main = "document.querySelector('main')";
      assert.equal(await page.evaluate(`${main}.scrollWidth - ${main}.clientWidth`), 0);
    });
  }

  it("runs nothing that a cluster said, and asks nobody for anything", () => {
    assert.deepEqual(complaints, []);
  });

  function row(index: number): Row {
    const level: Level = levels[index % levels.length]!;
    return {
      stack: `edge-${index}`,
      level,
      verdict: "serves",
      reasons:
        level === "fine" ? [] : ["<img src=x onerror=console.log(1)>", "<script>console.log(2)</script>"],
      context: `cluster-of-edge-${index}`,
      platform: "operator",
      storage: 'pvc "image-registry-nfs"',
      replicas: { asked: 2, ready: 2 },
      room: { size: 500 * 2 ** 30, free: index * 2 ** 30 },
      lastUp: "2026-11-01T00:00:00Z",
      expiries: [{ what: "client certificate", ends: "2036-11-01T00:00:00Z" }],
      runs: [{ mode: "preview", state: "succeeded", at: "2026-11-28T00:00:00Z" }],
      seconds: 1,
    };
  }
});
