import assert from "node:assert/strict";

import { reportDrift } from "../../../ci/jobs/report-drift";
import { bodyLimit } from "../../../ci/lib/report";
import { thisForge } from "../../../ci/lib/this-forge";
import { FakeForge } from "./fake-forge";

for (const name of ["gitHub", "gitLab"] as const) {
  describe(`comments and issues on ${name}`, function () {
    this.timeout(30_000);
    let server: FakeForge;
    beforeEach(async () => (server = await new FakeForge().start()));
    afterEach(() => server.stop());

    const text = (one: { body: string; description: string }) => one.body || one.description;

    it("keeps one comment for each stack and leaves others alone", async () => {
      const forge = await thisForge(server[name]);
      await forge.comment("<!-- dev -->", "first");
      await forge.comment("<!-- prod -->", "quotes <!-- dev -->");
      await forge.comment("<!-- dev -->", "second");
      assert.deepEqual(server.comments.map(text), [
        "<!-- dev -->\nsecond",
        "<!-- prod -->\nquotes <!-- dev -->",
      ]);
    });

    it("opens one issue about drift, updates it, closes it when all is clean, and opens it again", async () => {
      const forge = await thisForge(server[name]);
      const drifted = { stack: "dev", verdict: "drift", report: "dev drifted" } as const;
      const clean = { stack: "dev", verdict: "clean", report: "dev is clean" } as const;
      const prod = { stack: "prod", verdict: "clean", report: "prod is clean" } as const;
      const night = (number: number, results: Parameters<typeof reportDrift>[1]) =>
        reportDrift(["dev", "prod"], results, `night ${number}`, forge);

      await night(1, [clean, prod]);
      assert.equal(server.issues.length, 0);
      await night(2, [drifted, prod]);
      await night(3, [drifted]);
      assert.equal(server.issues.length, 1);
      assert.match(
        text(server.issues[0]!),
        /night 3[^]*dev drifted[^]*Stack prod: its job ended without a result/,
      );
      await night(4, [clean, prod]);
      assert.equal(server.issues[0]!.state, "closed");
      assert.match(server.reasons[0]!.body, /night 4/);
      await night(5, [drifted, prod]);
      assert.deepEqual(
        server.issues.map(({ state }) => state),
        [name === "gitHub" ? "open" : "opened"],
      );
    });

    it("never takes for its own what somebody else wrote, though the marker is in it", async () => {
      const forge = await thisForge(server[name]);
      const outsiders = [
        { user: { login: "github-actions", type: "User" }, author: { id: 8 } },
        { user: { login: "other[bot]", type: "Bot" }, author: { id: 9 } },
      ];
      for (const outsider of outsiders) {
        await forge.comment("<!-- dev -->", "mine");
        Object.assign(server.comments.at(-1)!, outsider);
        await forge.openIssue("<!-- drift -->", "mine", "mine");
        Object.assign(server.issues.at(-1)!, outsider);
      }
      await forge.comment("<!-- dev -->", "ours");
      await forge.openIssue("<!-- drift -->", "ours", "ours");
      await forge.closeIssue("<!-- drift -->", "all is clean");
      const words = (texts: { body: string; description: string }[]) =>
        texts.map((one) => text(one).split("\n")[1]);
      assert.deepEqual(words(server.comments), ["mine", "mine", "ours"]);
      assert.deepEqual(words(server.issues), ["mine", "mine", "ours"]);
      assert.deepEqual(
        server.issues.map(({ state }) => state === "closed"),
        [false, false, true],
      );
    });

    it("gives each stack its share of a long issue", async () => {
      const long = (stack: string) =>
        ({
          stack,
          verdict: "drift",
          report: `${stack} drifted\n\n\`\`\`text\n${"x".repeat(bodyLimit)}\n\`\`\``,
        }) as const;
      await reportDrift(
        ["dev", "prod"],
        [long("dev"), long("prod")],
        "tonight",
        await thisForge(server[name]),
      );
      const body = text(server.issues[0]!);
      assert.ok(body.length <= bodyLimit);
      assert.match(
        body,
        /dev drifted\n[^]*x\n```\n\nThe rest is left out[^]*prod drifted\n[^]*x\n```\n\nThe rest/,
      );
    });
  });
}

describe("the forge of a job", () => {
  it("is told by its environment, and what is missing there is named", async () => {
    await assert.rejects(thisForge({}), /neither GITHUB_REPOSITORY nor CI_API_V4_URL/);
    await assert.rejects(thisForge({ GITHUB_REPOSITORY: "a/b" }), /GITHUB_TOKEN is not set/);
  });
});
