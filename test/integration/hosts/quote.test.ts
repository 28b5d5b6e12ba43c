import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

import fc from "fast-check";

import { assignments, quote } from "../../../hosts/quote";

/** Text that a shell would like to act on, and any other text. */
const hostile = fc.oneof(
  fc.constantFrom(
    "$(touch /x)",
    "`id`",
    "'",
    "''\\''",
    "a'b\"c",
    "\n/ *(rw)",
    "-n",
    "*",
    "~",
    "!!",
    "\\",
    "#",
    "",
  ),
  fc
    .array(
      fc.constantFrom("'", '"', "\\", "$", "`", "\n", "\t", " ", "(", ")", "*", "#", "!", "é", "😀", "a"),
    )
    .map((parts) => parts.join("")),
  fc.string({ unit: "binary" }).map((text) => text.replaceAll("\0", "")),
);

describe("quoting for the shell", function () {
  this.timeout(60_000);

  it("gives bash back exactly the value, whatever it holds", () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 20 }), (values) => {
        const printed = execFileSync("bash", ["--norc", "-s"], {
          input: `printf '%s\\0' ${values.map(quote).join(" ")}\n`,
        });
        assert.deepEqual(printed.toString().split("\0").slice(0, -1), values);
      }),
      { numRuns: 60 },
    );
  });

  it("gives bash back exactly the lists of an assignment", () => {
    fc.assert(
      fc.property(hostile, fc.array(hostile, { minLength: 1, maxLength: 10 }), (text, list) => {
        const input = `${assignments({ TEXT: text, LIST: list })}printf '%s\\0' "$TEXT" "\${LIST[@]}"\n`;
        const printed = execFileSync("bash", ["--norc", "-s"], { input });
        assert.deepEqual(printed.toString().split("\0").slice(0, -1), [text, ...list]);
      }),
      { numRuns: 60 },
    );
  });

  it("refuses a NUL character, which no shell value can hold", () => {
    assert.throws(() => quote("a\0b"), /NUL/);
  });
});
