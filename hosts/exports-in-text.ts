import { checkClient } from "./export-checks";

/** One client of one export, as exports(5) would read it. */
export interface ExportEntry {
  readonly path: string;
  /** Empty where a space stands before the options: the world. */
  readonly client: string;
  readonly options: readonly string[];
}

const client = String.raw`(?!/)[\w.:/*?@[\]+-]*`;
const list = String.raw`[\w=,:.@/+-]*`;
const quote = String.raw`(?:\\?["'])?`;
const variable = String.raw`\$(?:\w+|\{\w+\})`;
const bare = String.raw`(?<![^\s'"\\])(?<bare>(?:/|${variable})(?:[\p{L}\p{N}_./@+:%~,=-]|${variable}|\\\d{3})*)`;
const quoted = String.raw`\\?"(?<double>[/$][^"\n(\\]*)\\?"|'(?<single>/[^'\n(]*)'`;
const word = String.raw`[ \t]+(?=\S)${quote}(?:-${list}|${client}(?:\(${list}\))?)${quote}`;
const line = new RegExp(`(?:${quoted}|${bare})(?<words>(?:${word})+)`, "gu");

/** Options of exports(5); other programs have words after a dash or in parentheses, too. */
const known =
  /(^|,)(r[ow]|a?sync|(in)?secure|(no_)?(root_squash|all_squash|subtree_check|wdelay)|anon[ug]id=|sec=|fsid=)/;

/**
 * The exports that a text holds, such as a script that writes them to a host: names quoted or not, lines continued or not.
 * Of lines without any options it sees none, for they look like a command and its arguments.
 */
export function exportsIn(text: string): ExportEntry[] {
  // exports(5) reads a continued line with a blank in between, and a shell, which may come first, without.
  const lines = text.replaceAll("\r\n", "\n");
  const read = [lines.replaceAll(/\\+\n[ \t]*/g, " "), lines.replaceAll(/\\+\n/g, "")]
    .map(unescaped)
    .flatMap(entriesIn);
  const seen = new Map(read.map((entry) => [JSON.stringify(entry), entry]));
  return [...seen.values()];
}

/** As a shell and printf pass it on. Quotes stay where they hold a blank, for there they hold a name together. */
function unescaped(text: string): string {
  return text
    .replaceAll(/\\+n/g, "\n")
    .replaceAll(/\\+t/g, "\t")
    .replaceAll(/(\\*["'])([^\s"'\\]*)\1/g, "$2")
    .replaceAll(/\\([*()?])/g, "$1");
}

function entriesIn(text: string): ExportEntry[] {
  return [...text.matchAll(line)].flatMap(({ groups = {} }) => {
    const path = groups["double"] ?? groups["single"] ?? groups["bare"] ?? "";
    const words = (groups["words"] ?? "")
      .replaceAll(/[\\"']/g, "")
      .trim()
      .split(/\s+/);
    const shared = words.filter((one) => one.startsWith("-")).map((one) => one.slice(1));
    const listed = words.flatMap((one) => one.split("(").slice(1));
    // "$1 (see /x)" and "yes / no (so)" are none: where the name is no plain path, only an option tells.
    const isPlain = /^\/./.test(path);
    const isExport = (isPlain && listed.length > 0) || [...shared, ...listed].some((one) => known.test(one));
    const clients = isExport ? words.filter((one) => !one.startsWith("-")) : [];
    return clients.map((one) => entryOf(path, one, shared));
  });
}

/** What is wrong with an export, whoever wrote it. */
export function exportProblem({ client, options }: ExportEntry): string | undefined {
  if (options.includes("no_root_squash"))
    return `to ${JSON.stringify(client)} with no_root_squash, so root of that client is root there; use all_squash`;
  return checkClient(client);
}

function entryOf(path: string, entry: string, shared: readonly string[]): ExportEntry {
  const [client = "", options = ""] = entry.replace(/\)$/, "").split("(");
  return { path, client, options: [...shared, options].flatMap((text) => text.split(",")).filter(Boolean) };
}
