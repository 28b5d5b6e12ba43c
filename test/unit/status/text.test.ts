import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { isWell, type Status } from "../../../status/status";
import { statusText } from "../../../status/text";
import { serving } from "../support/status";

const lines = (status: Status) => stripVTControlCharacters(statusText(status)).split("\n").slice(0, 2);

describe("the first lines of a status", () => {
  it("are good of a registry that serves and is well", () => {
    assert.ok(isWell(serving));
    assert.match(lines(serving)[0]!, /● serves what the stack asks for$/);
  });

  it("say that it needs care, and why, when the cluster calls it degraded or its pruner failed", () => {
    const unwell = ["ImagePruner: Failed=True (Error): Job has reached the specified backoff limit"];
    const status = { ...serving, unwell };
    assert.ok(!isWell(status));
    assert.match(lines(status)[0]!, /● serves what the stack asks for, and needs care$/);
    assert.equal(lines(status)[1], `  ! ${unwell[0]}`);
  });

  it("say so of a store that is nearly full, as its node or its host sees it", () => {
    const room = { size: 100, free: 4 };
    const claim = { name: "images", phase: "Bound", accessModes: [], room };
    const status = { ...serving, claim };
    assert.ok(!isWell(status));
    assert.match(lines(status).join("\n"), /needs care\n {2}! only 4 % of its store is free$/);
  });
});
