import { checkClient } from "./export-checks";

/** One client of one export, as exports(5) would read it. */
export interface ExportEntry {
  readonly path: string;
  /** Empty where a space stands before the options: the world. */
  readonly client: string;
  readonly options: readonly string[];
}

const client = String.raw`[\w.:/*?@[\]+-]*`;
const options = String.raw`\([\w=,:.@/+-]*\)`;
const line = new RegExp(
  String.raw`(?<![^\s'"])(?<path>/[\w./-]+)(?<clients>(?:[ \t]+(?=\S)${client}(?:${options})?)+)`,
  "g",
);

/** The exports that a text holds, such as a script that writes them to a host. Of lines without options it sees none. */
export function exportsIn(text: string): ExportEntry[] {
  return [...text.matchAll(line)].flatMap(({ groups }) => {
    const { path = "", clients = "" } = groups ?? {};
    return clients.includes("(")
      ? clients
          .trim()
          .split(/\s+/)
          .map((entry) => entryOf(path, entry))
      : [];
  });
}

/** What is wrong with an export, whoever wrote it. */
export function exportProblem({ client, options }: ExportEntry): string | undefined {
  if (options.includes("no_root_squash"))
    return `to ${JSON.stringify(client)} with no_root_squash, so root of that client is root there; use all_squash`;
  return checkClient(client);
}

function entryOf(path: string, entry: string): ExportEntry {
  const [client = "", options = ""] = entry.replace(/\)$/, "").split("(");
  return { path, client, options: options === "" ? [] : options.split(",") };
}
