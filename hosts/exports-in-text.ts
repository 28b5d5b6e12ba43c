import { checkClient } from "./export-checks";

/** One client of one export, as exports(5) would read it. */
export interface ExportEntry {
  readonly path: string;
  /** Empty where a space stands before the options: the world. */
  readonly client: string;
  readonly options: readonly string[];
}

const client = String.raw`[\w.:/*?@[\]+-]*`;
const list = String.raw`[\w=,:.@/+-]*`;
const quote = String.raw`(?:\\?["'])?`;
const bare = String.raw`(?<![^\s'"])(?<bare>/(?:[\w./@+:%~,=-]|\\\d{3})+)`;
const quoted = String.raw`\\?"(?<double>/[^"\n(\\]*)\\?"|'(?<single>/[^'\n(]*)'`;
const word = String.raw`[ \t]+(?=\S)${quote}(?:-${list}|${client}(?:\(${list}\))?)${quote}`;
const line = new RegExp(`(?:${quoted}|${bare})(?<words>(?:${word})+)`, "g");

/** Options of exports(5) that stand before the clients; other programs have words after a dash, too. */
const defaults =
  /(^|,)(r[ow]|a?sync|(in)?secure|(no_)?(root_squash|all_squash|subtree_check|wdelay)|anon[ug]id=|sec=|fsid=)/;

/**
 * The exports that a text holds, such as a script that writes them to a host: names quoted or not, lines continued or not.
 * Of lines without any options it sees none, for they look like a command and its arguments.
 */
export function exportsIn(text: string): ExportEntry[] {
  // exports(5) reads a continued line with a blank in between, and a shell, which may come first, without.
  const read = [text.replaceAll(/\\+\n[ \t]*/g, " "), text.replaceAll(/\\+\n/g, "")].flatMap(entriesIn);
  const seen = new Map(read.map((entry) => [JSON.stringify(entry), entry]));
  return [...seen.values()];
}

function entriesIn(text: string): ExportEntry[] {
  return [...text.matchAll(line)].flatMap(({ groups = {} }) => {
    const path = groups["double"] ?? groups["single"] ?? groups["bare"] ?? "";
    const words = (groups["words"] ?? "")
      .replaceAll(/[\\"']/g, "")
      .trim()
      .split(/\s+/);
    const shared = words.filter((one) => one.startsWith("-")).map((one) => one.slice(1));
    const isExport = words.some((one) => one.includes("(")) || shared.some((one) => defaults.test(one));
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
