/**
 * Quotes a value for a POSIX shell: whatever it holds, the shell reads back exactly this text. The only way a
 * configured value gets into a script.
 */
export function quote(value: string): string {
  if (value.includes("\0")) throw new Error("a shell value cannot hold a NUL character");
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

/** One bash assignment per entry: text as a quoted word, a list as an array of quoted words. */
export function assignments(values: Readonly<Record<string, string | readonly string[]>>): string {
  return Object.entries(values)
    .map(([name, value]) =>
      typeof value === "string" ? `${name}=${quote(value)}\n` : `${name}=(${value.map(quote).join(" ")})\n`,
    )
    .join("");
}
