import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { secretKeys } from "../../config/schema";
import type { StackRun } from "./engine";

interface Kubeconfig {
  users: { user: Record<string, unknown> }[];
}

/** Nothing that is secret to the stack stands in plain text in what it remembers, ids included, or in what was told of it. */
export async function assertHidden(run: StackRun, told: Readonly<Record<string, string>>): Promise<void> {
  const file = run.stacks.stateFile(run.stack);
  const places = { state: existsSync(file) ? readFileSync(file, "utf8") : "", ...told };
  for (const [name, secret] of Object.entries({ ...given(run), ...(await run.secrets()) })) {
    assert.ok(secret.length >= 8, `${name} is too short to be told from other text`);
    for (const [place, text] of Object.entries(places)) {
      // Not the secret itself: a log of this test is not the place for it either.
      assert.ok(
        !formsOf(secret).some((form) => text.includes(form)),
        `the ${place} has ${name} in plain text`,
      );
    }
  }
}

function given({ overlay, moreSecretKeys = [] }: StackRun): Record<string, string> {
  const texts = [...secretKeys, ...moreSecretKeys].flatMap((key) => {
    const text = overlay[key];
    if (typeof text !== "string" || text === "") return [];
    return key === "kubeconfig" ? keysOf(text) : [[key, text] as const];
  });
  return Object.fromEntries(texts);
}

function keysOf(kubeconfig: string): [string, string][] {
  const { users } = parse(kubeconfig) as Kubeconfig;
  const values = users.flatMap(({ user }) => [user["client-key-data"], user["token"]]);
  return values.flatMap((value, index) =>
    typeof value === "string" ? [[`kubeconfig's key ${index}`, value]] : [],
  );
}

/** A secret as it may be written: as it is, in JSON, in base64, and, where it spells bytes, those in base64. */
function formsOf(secret: string): string[] {
  const bytes = /^([0-9a-f]{2})+$/.test(secret) ? [Buffer.from(secret, "hex").toString("base64")] : [];
  return [secret, JSON.stringify(secret).slice(1, -1), Buffer.from(secret).toString("base64"), ...bytes];
}
