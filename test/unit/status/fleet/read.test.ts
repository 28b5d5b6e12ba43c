import assert from "node:assert/strict";
import { mock } from "node:test";
import { stripVTControlCharacters } from "node:util";

import { checkConfiguration } from "../../../../config";
import { NoAnswer } from "../../../../kubernetes/client-error";
import type { HubRun } from "../../../../status/fleet/hub";
import { fleetPage } from "../../../../status/fleet/page";
import { type ReadOptions, type Reader, readFleet } from "../../../../status/fleet/read";
import { fleetTable } from "../../../../status/fleet/table";
import { ago, bytes } from "../../../../status/fleet/words";
import { printable } from "../../../../status/printable";
import type { Status } from "../../../../status/status";
import { serving } from "../../support/status";

const differing: Status = {
  ...serving,
  converged: false,
  waitingFor: ["replicas is 2, the stack asks for 3"],
  drift: ["replicas is 2, the stack asks for 3"],
};
const down: Status = {
  ...serving,
  converged: false,
  replicas: { asked: 2, ready: 0 },
  waitingFor: ["no pods"],
};
const full: Status = {
  ...serving,
  claim: { name: "images", phase: "Bound", accessModes: [], room: { size: 100, free: 5 } },
};

/** Reads what is told here of each stack. */
function reading(told: Record<string, Status | Error | Promise<Status>>): Reader {
  return {
    configurationOf: (stack) =>
      Promise.resolve(
        checkConfiguration({ context: stack, kubeconfig: kubeconfigOf(stack), backend: "emptyDir" }, stack),
      ),
    readStatus: ({ context }) => {
      const found = told[context]!;
      return found instanceof Error ? Promise.reject(found) : Promise.resolve(found);
    },
  };
}

function kubeconfigOf(context: string, token = "opaque"): string {
  return JSON.stringify({
    clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }],
    users: [{ name: "u", user: { token } }],
    contexts: [{ name: context, context: { cluster: "c", user: "u" } }],
  });
}

const options = (stacks: string[], changed: Partial<ReadOptions> = {}): ReadOptions => ({
  stacks,
  atOnce: 8,
  overlay: {},
  runs: new Map(),
  lastUps: new Map(),
  ...changed,
});

describe("the status of many stacks", () => {
  it("begins with those that need care most, and says why", async () => {
    const told = { fine: serving, full, differing, down, away: new NoAnswer("cannot reach the cluster") };
    const rows = await readFleet(options(Object.keys(told)), reading(told));
    assert.deepEqual(
      rows.map(({ stack, level, verdict }) => [stack, level, verdict]),
      [
        ["away", "down", "does not answer"],
        ["down", "down", "serves nothing"],
        ["differing", "differs", "differs"],
        ["full", "soon", "serves"],
        ["fine", "fine", "serves"],
      ],
    );
    assert.deepEqual(rows[3]!.reasons, ["only 5 % of its store is free"]);
  });

  it("calls down what somebody removed that the stack asks for, and not what the stack removed", async () => {
    const removed = { ...down, managementState: "Removed" };
    const ofState = (managementState: string): Reader => ({
      ...reading({ one: removed }),
      configurationOf: (stack) =>
        Promise.resolve(checkConfiguration({ context: stack, backend: "emptyDir", managementState }, stack)),
    });
    const [asked] = await readFleet(options(["one"]), ofState("Managed"));
    const [taken] = await readFleet(options(["one"]), ofState("Removed"));
    assert.deepEqual([asked!.level, asked!.verdict, taken!.level], ["down", "serves nothing", "differs"]);
  });

  it("has who does not answer named before it gives up on the row", async () => {
    const reader = reading({ fine: serving });
    const waited: number[] = [];
    reader.readStatus = (_, { cluster, host }) => {
      waited.push(cluster, host);
      return Promise.resolve(serving);
    };
    await readFleet(options(["fine"]), reader);
    assert.ok(waited.length === 2 && waited.every((seconds) => seconds < 20), waited.join(", "));
  });

  it("never reads more of them at once than it may", async () => {
    let [now, most] = [0, 0];
    const reader = reading({});
    reader.readStatus = async () => {
      most = Math.max(most, ++now);
      await new Promise(setImmediate);
      now--;
      return serving;
    };
    const names = Array.from({ length: 50 }, (_, index) => `s-${index + 1}`);
    const rows = await readFleet(options(names, { atOnce: 7 }), reader);
    assert.equal(most, 7);
    assert.deepEqual(
      rows.map(({ stack }) => stack),
      names,
      "in the order of their numbers",
    );
  });

  it("gives a cluster 20 seconds, and the others their rows", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const told = { silent: new Promise<Status>(() => undefined), fine: serving };
      const reading1 = readFleet(options(["silent", "fine"]), reading(told));
      await new Promise(setImmediate);
      mock.timers.tick(20_000);
      const rows = await reading1;
      assert.deepEqual(
        rows.map(({ stack, verdict, reasons }) => [stack, verdict, reasons]),
        [
          ["silent", "does not answer", ["no answer within 20 s"]],
          ["fine", "serves", []],
        ],
      );
    } finally {
      mock.timers.reset();
    }
  });

  it("shows what the hub ran, and when the last up was", async () => {
    const run = (state: HubRun["state"], type: string): HubRun => ({
      mode: "up",
      state,
      type,
      at: "2026-11-01T00:00:00Z",
    });
    const runs = new Map([
      ["good", [run("succeeded", "up")]],
      ["bad", [{ ...run("failed", "up"), message: "boom\nmore" }]],
    ]);
    const lastUps = new Map([["bad", "2026-10-01T00:00:00Z"]]);
    const [bad, good] = await readFleet(
      options(["acme/image-registry/good", "bad"], { runs, lastUps }),
      reading({ "acme/image-registry/good": serving, bad: serving }),
    );
    assert.deepEqual([good!.level, good!.lastUp], ["fine", "2026-11-01T00:00:00Z"]);
    assert.deepEqual(
      [bad!.level, bad!.lastUp, bad!.reasons],
      ["differs", "2026-10-01T00:00:00Z", ["the hub's up failed: boom"]],
    );
  });

  it("warns a week before a token ends, and says when it has", async () => {
    const day = 86_400;
    const token = (days: number) => {
      const claims = { exp: Math.floor(Date.now() / 1000) + days * day + 60 };
      return `h.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.s`;
    };
    const reader = reading({ soon: serving, ended: serving, later: serving });
    const days: Record<string, number> = { soon: 2, ended: -1, later: 8 };
    reader.configurationOf = (stack) =>
      Promise.resolve(
        checkConfiguration(
          { context: stack, kubeconfig: kubeconfigOf(stack, token(days[stack]!)), backend: "emptyDir" },
          stack,
        ),
      );
    const rows = await readFleet(options(Object.keys(days)), reader);
    assert.deepEqual(
      rows.map(({ stack, level }) => [stack, level]),
      [
        ["ended", "soon"],
        ["soon", "soon"],
        ["later", "fine"],
      ],
    );
    assert.match(rows[0]!.reasons[0]!, /^the token of its user ended on \d{4}-\d\d-\d\d$/);
    assert.equal(rows[1]!.reasons[0], "the token of its user ends in 2 days");
  });

  describe("as a page", () => {
    const hostile = `<script>alert(1)</script>"'&`;
    const page = async () => {
      const told = { [hostile]: { ...differing, waitingFor: [hostile], storage: hostile } };
      const runs = new Map<string, HubRun[]>([
        [hostile, [{ mode: hostile, state: "failed", message: hostile }]],
      ]);
      return fleetPage(await readFleet(options([hostile], { runs }), reading(told)), new Date(0));
    };

    it("takes nothing that it shows for a part of itself", async () => {
      const text = await page();
      assert.equal(text.match(/<script>/g)?.length, 1);
      assert.ok(!text.includes(`alert(1)</script>`));
      assert.ok(text.includes("&#60;script&#62;alert(1)"));
    });

    it("asks nothing of any other place, and runs no script but its own", async () => {
      const text = await page();
      assert.doesNotMatch(text, /\b(src|href)=|@import|url\(/);
      assert.match(
        text,
        /default-src &#39;none&#39;; style-src &#39;sha256-[\w+/=]+&#39;; script-src &#39;sha256-/,
      );
    });

    it("holds no credential", async () => {
      assert.doesNotMatch(await page(), /opaque|kubeconfig/);
    });
  });

  it("is a table for a terminal, with the reasons below", async () => {
    const told = { full, fine: serving, away: new NoAnswer("cannot reach it:\n- really") };
    const rows = await readFleet(options(Object.keys(told)), reading(told));
    assert.equal(
      stripVTControlCharacters(fleetTable(rows, new Date(0))),
      [
        "   stack  verdict          where                   replicas  free",
        "●  away   does not answer",
        '●  full   serves           operator, pvc "images"  2/2       5 B of 100 B',
        '●  fine   serves           operator, pvc "images"  2/2',
        "",
        "away",
        "  ! cannot reach it:",
        "  - really",
        "",
        "full",
        "  ! only 5 % of its store is free",
        "",
        "3 stacks: 1 down, 1 need care soon, 1 fine",
      ].join("\n"),
    );
  });

  it("fits a terminal that is narrower than it, by the widest columns, and has no line broken", async () => {
    const told = { [`${"edge-".repeat(8)}7`]: full, away: new Error("cannot reach it") };
    const rows = await readFleet(options(Object.keys(told)), reading(told));
    const lines = stripVTControlCharacters(fleetTable(rows, new Date(0), 80))
      .split("\n")
      .slice(0, 3);
    assert.deepEqual(
      lines.filter((line) => line.length > 80),
      [],
    );
    assert.match(lines[2]!, /^● {2}edge-edge-\S+… {2}serves .* 2\/2 .* 5 B of 100 B$/);
  });

  it("gives a terminal no control sequence that a cluster said", () => {
    const said = { message: "a\u001b[2Jb\u001b]0;title\u0007c\r\u0000\nd", list: ["\u009b1A", 1, null] };
    assert.deepEqual(printable(said), { message: "abc  \nd", list: ["", 1, null] });
  });

  it("says sizes and times as people do", () => {
    assert.deepEqual([0, 1023, 1536, 100 * 2 ** 30].map(bytes), ["0 B", "1023 B", "1.5 KiB", "100 GiB"]);
    const now = new Date("2026-11-28T12:00:00Z");
    const said = ["2026-11-28T11:59:30Z", "2026-11-25T12:00:00Z", "2026-12-13T12:00:00Z"].map((at) =>
      ago(at, now),
    );
    assert.deepEqual(said, ["now", "3 days ago", "in 2 weeks"]);
  });
});
