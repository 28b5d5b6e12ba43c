import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import GithubSlugger from "github-slugger";
import { marked, type Token, type Tokens } from "marked";
import { parse as shellWords } from "shell-quote";
import { checkConfiguration, valuesFrom } from "../../config";
import { configuration, secretKeys } from "../../config/schema";
import { unread } from "../../config/values";
import { stackConfiguration } from "../../stack/stack-file";

const isPage = (name: string) => name.endsWith(".md");
const pages = [
  "README.md",
  ...readdirSync("docs")
    .filter(isPage)
    .map((name) => `docs/${name}`),
];
const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };

for (const page of pages) {
  describe(page, () => {
    const tokens = marked.lexer(readFileSync(page, "utf8"));

    it("links to what is there", () => {
      for (const { href } of tokensOf<Tokens.Link>(tokens, "link")) {
        if (/^https?:/.test(href)) continue;
        const [file = "", anchor] = href.split("#");
        const target = file === "" ? page : path.join(path.dirname(page), file);
        assert.ok(existsSync(target), href);
        if (anchor !== undefined) assert.ok(anchorsOf(target).includes(anchor), href);
      }
    });

    it("names scripts and files of this project that are there", () => {
      for (const [program = "", ...words] of commandsOf(tokens)) {
        if (program === "npm" && words[0] === "run") assert.ok(words[1]! in scripts, words.join(" "));
        const files = [program, ...words].filter((word) => /^(access|ci|docs|examples|policy)\//.test(word));
        for (const file of files) assert.ok(existsSync(file), file);
      }
    });

    it("sets keys, and values that the program takes", () => {
      const settings = commandsOf(tokens).flatMap(settingOf);
      for (const { key } of settings) assert.ok(key.split(/[.[]/)[0]! in declared(), `${key} in Pulumi.yaml`);
      if (settings.length) checkConfiguration(configured(settings), "test");
    });
  });
}

describe("docs/architecture.md", () => {
  const page = readFileSync("docs/architecture.md", "utf8");

  it("tells of every file and folder at the root", () => {
    const tracked = execFileSync("git", ["ls-files"], { encoding: "utf8" }).split("\n");
    const names = new Set(tracked.map((file) => file.split("/")[0] ?? ""));
    const shown = [...names].filter((name) => name !== "" && !name.startsWith("."));
    const missing = shown.filter(
      (name) => !page.includes(`\`${name}`) && !/^Pulumi\.\w+\.yaml$|README/.test(name),
    );
    assert.deepEqual(missing, []);
  });

  it("sends a maintainer to files that are there", () => {
    const [, table = ""] = /## To change X, go to Y\n([^]*?)\n## /.exec(page) ?? [];
    const files = [...table.matchAll(/`([\w-]+(?:\/[\w.-]+)*\/[\w-]+\.ts)`/g)].map(([, file = ""]) => file);
    assert.ok(files.length >= 15);
    assert.deepEqual(
      files.filter((file) => !existsSync(file)),
      [],
    );
  });
});

describe("docs/switching-backends.md", () => {
  it("says of every backend where images live", () => {
    const page = readFileSync("docs/switching-backends.md", "utf8");
    const rows = page.split("\n").filter((line) => line.startsWith("|"));
    for (const name of configuration.shape.backend.options)
      assert.ok(
        rows.some((row) => row.split("|")[1]!.includes(`\`${name}\``)),
        name,
      );
  });
});

describe("docs/troubleshooting.md", () => {
  it("explains every reason that a condition of the operator has", () => {
    const operator = readdirSync("sandbox/operator").map((name) =>
      readFileSync(`sandbox/operator/${name}`, "utf8"),
    );
    const verdict = /\["(?:True|False|Unknown)", "([\w ]+)"|PermanentError\("(\w+)"/g;
    const reasons = [...operator.join("").matchAll(verdict)].map(([, one, other]) => one ?? other);
    const allIsWell = [
      "AsExpected",
      "Complete",
      "Creation Successful",
      "PVC Created",
      "PVC Exists",
      "S3 Bucket Exists",
    ];
    const page = readFileSync("docs/troubleshooting.md", "utf8");
    const missing = reasons.filter((reason) => !allIsWell.includes(reason!) && !page.includes(reason!));
    assert.ok(reasons.length > 20);
    assert.deepEqual(missing, []);
  });
});

function tokensOf<T extends Token>(tokens: Token[], type: T["type"]): T[] {
  const found: T[] = [];
  void marked.walkTokens(tokens, (token) => {
    if (token.type === type) found.push(token as T);
  });
  return found;
}

function anchorsOf(file: string): string[] {
  const slugger = new GithubSlugger();
  const headings = tokensOf<Tokens.Heading>(marked.lexer(readFileSync(file, "utf8")), "heading");
  return headings.map(({ text }) => slugger.slug(text.replaceAll(/[`*]/g, "")));
}

/** The words of every command that a reader is told to type; what a shell would put in is a word of its own. */
function commandsOf(tokens: Token[]): string[][] {
  const blocks = tokensOf<Tokens.Code>(tokens, "code").filter(({ lang }) => lang === "console");
  const lines = blocks.flatMap(({ text }) => text.replaceAll("\\\n", " ").split("\n"));
  return lines.map((line) => {
    const words = shellWords(line.replaceAll(/"?\$\(.*\)"?/g, "PUT-IN"));
    return words.map((word) => (typeof word === "string" ? word : "op" in word ? word.op : ""));
  });
}

interface Setting {
  readonly key: string;
  /** @default it is taken away again */
  readonly value?: string;
}

const putIn: Record<string, string> = {
  hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE1hZGVVcEtleU9mTm9Ib3N0SW5UaGVXb3JsZDAwMDAw",
};

function settingOf([program, ...words]: string[]): Setting[] {
  if (program !== "pulumi" || words[0] !== "config") return [];
  if (words[1] === "rm") return [{ key: words[2] ?? "" }];
  if (words[1] !== "set") return [];
  const [key = "", given = "-"] = words.slice(2).filter((word) => !word.startsWith("--"));
  assert.equal(words.includes("--path"), /[.[]/.test(key), `--path of ${key}`);
  const isFromShell = ["PUT-IN", "<", "-"].includes(given);
  return [{ key, value: isFromShell ? (putIn[key.split(".").at(-1)!] ?? unread) : given }];
}

/** The example of such a stack, changed by all settings of a page in their order, as `pulumi config set` does it. */
function configured(settings: Setting[]): Record<string, unknown> {
  const isStandalone = settings.some(({ value }) => value === "standalone");
  const values = valuesFrom(stackConfiguration(isStandalone ? "standalone" : "prod", {}), "image-registry");
  for (const key of secretKeys) values[key] = unread;
  for (const { key, value } of settings) {
    const steps = key.split(/[.[\]]+/).filter((step) => step !== "");
    const last = steps.pop()!;
    let place = values;
    for (const [index, step] of steps.entries()) {
      const next = steps[index + 1] ?? last;
      place = (place[step] ??= /^\d+$/.test(next) ? [] : {}) as Record<string, unknown>;
    }
    if (value === undefined) delete place[last];
    else place[last] = /^(true|false|\d+)$/.test(value) ? (JSON.parse(value) as unknown) : value;
  }
  return values;
}

function declared(): Record<string, unknown> {
  return Object.fromEntries(
    Object.keys(stackConfiguration("prod", {})).map((key) => [key.split(":")[1]!, true]),
  );
}
