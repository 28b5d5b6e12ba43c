// What a line begins with to the eye: a runner passes over blanks, and over characters that nobody sees.
const unseen = String.raw`(?:[^\p{L}\p{N}\p{P}\p{S}]|\p{DI})*`;
const command = new RegExp(`^(${unseen}):(?=${unseen}:)`, "u");
const olderCommand = /#(?=\p{DI}*#\p{DI}*\[)/gu;

/**
 * One line of another program, as it may be printed in a job's log: the runner takes some lines for its own. GitHub's obeys
 * `::name::`, `##[name]`, of which the second may stand anywhere in a line; GitLab's folds at `section_start:`. A carriage
 * return or an escape would make a line begin where none is seen.
 */
export function inert(line: string): string {
  return line
    .replaceAll(/(?!\t)\p{Cc}/gu, "")
    .replace(command, "$1: ")
    .replaceAll(olderCommand, "# ")
    .replaceAll(/section_(start|end):/g, "section_$1 :");
}

/** The same for a text of many lines. */
export function inertText(text: string): string {
  return text
    .split(/\r\n|[\r\n]/)
    .map(inert)
    .join("\n");
}
