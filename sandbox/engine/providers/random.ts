import { randomBytes, randomInt } from "node:crypto";
import type { Provider } from "../provider";
import { changedKeys, type PropertyMap } from "../values";

const makers: Record<string, (inputs: PropertyMap) => { id: string; outputs: PropertyMap }> = {
  "random:index/randomBytes:RandomBytes": ({ length }) => {
    const bytes = randomBytes(Number(length));
    // The real provider's id is the secret value itself, and so stands in the state in plain text.
    return { id: "none", outputs: { base64: bytes.toString("base64"), hex: bytes.toString("hex") } };
  },
  "random:index/randomId:RandomId": ({ byteLength, prefix = "" }) => {
    const bytes = randomBytes(Number(byteLength));
    const hex = bytes.toString("hex");
    const texts = {
      b64Std: bytes.toString("base64"),
      b64Url: bytes.toString("base64url"),
      hex,
      dec: `${BigInt(`0x${hex}`)}`,
    };
    const outputs = Object.fromEntries(
      Object.entries(texts).map(([key, text]) => [key, `${String(prefix)}${text}`]),
    );
    return { id: texts.b64Url, outputs };
  },
  "random:index/randomPassword:RandomPassword": (inputs) => ({
    id: "none",
    outputs: { result: text(inputs) },
  }),
  "random:index/randomString:RandomString": (inputs) => {
    const result = text(inputs);
    return { id: result, outputs: { result } };
  },
};

const known = [
  "keepers",
  "length",
  "byteLength",
  "prefix",
  "lower",
  "upper",
  "numeric",
  "special",
  "overrideSpecial",
];

function text({ length, ...inputs }: PropertyMap): string {
  const { lower = true, upper = true, numeric = true, special = true } = inputs;
  const { overrideSpecial = "!@#$%&*()-_=+[]{}<>:?" } = inputs;
  const alphabet = [
    lower && "abcdefghijklmnopqrstuvwxyz",
    upper && "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    numeric && "0123456789",
    special && overrideSpecial,
  ];
  const characters = alphabet.filter(Boolean).join("");
  return Array.from({ length: Number(length) }, () => characters.charAt(randomInt(characters.length))).join(
    "",
  );
}

/** Values drawn once and kept in the state; any change draws anew, as the real provider does. */
export const random: Provider = {
  check({ type }, inputs) {
    const strange = Object.keys(inputs).find((key) => !known.includes(key));
    if (!(type in makers) || strange !== undefined) {
      throw new Error(
        `the sandbox's engine does not know ${type}${strange === undefined ? "" : ` with ${strange}`}`,
      );
    }
    return inputs;
  },
  diff(_, old, inputs) {
    const changes = changedKeys(old.inputs, inputs);
    return { changes, replaces: changes, deleteBeforeReplace: false };
  },
  create({ type, preview }, inputs) {
    if (preview) return Promise.resolve({ id: "", outputs: inputs });
    const { id, outputs } = makers[type]?.(inputs) ?? { id: "", outputs: {} };
    return Promise.resolve({ id, outputs: { ...inputs, ...outputs } });
  },
  update: (_, old) => Promise.resolve(old.outputs),
  delete: () => Promise.resolve(),
};
