/** What a stack says of itself under key `tier`; "" leaves it to its name. */
export type Tier = "" | "production" | "other";

const words = ["prod", "production", "prd", "live"];
const isWord = (part: string) => words.includes(part.replace(/\d+$/, ""));
/** In front of a word, they may turn it around. */
const negations = ["non", "not", "no", "pre"];

/**
 * Whether people depend on a stack. A whole word of its name says so, and neither a list nor the stack itself can take that
 * back: else a mistake in them would deploy production unasked. A name that only holds such a word, as "preprod",
 * "prodeu" and "non-prod" do, says nothing either way: undefined, until a tier or a list decides it.
 *
 * @param named A team's own production stacks; "*" stands for any text.
 */
export function isProduction(stack: string, tier: Tier, named: readonly string[] = []): boolean | undefined {
  const said = saidByName(stack);
  if (said || tier === "production" || named.some((pattern) => matches(pattern, stack))) return true;
  return tier === "other" ? false : said;
}

/** True for a whole word, false for none at all, undefined for one that is part of another or turned around. */
export function saidByName(stack: string): boolean | undefined {
  const parts = stack.toLowerCase().split(/[^a-z0-9]+/);
  if (parts.some((part, index) => isWord(part) && !negations.includes(parts[index - 1] ?? ""))) return true;
  return words.some((word) => stack.toLowerCase().includes(word)) ? undefined : false;
}

/** What to write where isProduction cannot tell. */
export function askTier(stack: string): string {
  const set = (tier: Tier) => `pulumi config set tier ${tier} --stack ${stack}`;
  return `the name of stack "${stack}" leaves open whether it is production; say so: ${set("production")}, or else ${set("other")}`;
}

export function matches(pattern: string, stack: string): boolean {
  const literally = pattern.split("*").map((text) => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${literally.join(".*")}$`).test(stack);
}
