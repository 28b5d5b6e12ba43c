/** Text that may stand in a page as it is. */
export class Markup {
  constructor(readonly text: string) {}
}

type Value = string | number | Markup | readonly Markup[];

/** A piece of a page. What is put in is text, and stays text, unless it is Markup itself. */
export function markup(pieces: TemplateStringsArray, ...values: Value[]): Markup {
  return new Markup(
    pieces.map((piece, index) => piece + (index < values.length ? shown(values[index]!) : "")).join(""),
  );
}

export const nothing = new Markup("");

function shown(value: Value): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === "object") return value.map(({ text }) => text).join("");
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
