import { randomBytes, randomInt } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import released from "@pulumi/random/package.json";

import { type Properties, reveal, secret, serve, typeOf, unknownType } from "./serve";

/* A stand-in for @pulumi/random, of what this program draws, and drew: values drawn once and kept in the state. */

interface Kind {
  readonly inputs: readonly string[];
  draw(inputs: Properties): { id: string; outs: Properties };
}

const characters = {
  lower: "abcdefghijklmnopqrstuvwxyz",
  upper: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  numeric: "0123456789",
  special: "!@#$%&*()-_=+[]{}<>:?",
};

const kinds: Record<string, Kind> = {
  "random:index/randomPassword:RandomPassword": {
    inputs: ["length", ...Object.keys(characters)],
    draw(inputs) {
      const used = Object.entries(characters).filter(([key]) => inputs[key] !== false);
      const alphabet = used.map(([, text]) => text).join("");
      const drawn = Array.from({ length: Number(inputs["length"]) }, () =>
        alphabet.charAt(randomInt(alphabet.length)),
      );
      return { id: "none", outs: { result: secret(drawn.join("")) } };
    },
  },
  "random:index/randomBytes:RandomBytes": {
    inputs: ["length"],
    draw({ length }) {
      const bytes = randomBytes(Number(length));
      const base64 = bytes.toString("base64");
      // As the real one: the id, which is never encrypted, is the secret.
      return { id: base64, outs: { base64: secret(base64), hex: secret(bytes.toString("hex")) } };
    },
  },
};

function kindOf(urn: string): Kind {
  const kind = kinds[typeOf(urn)];
  if (!kind) throw unknownType(urn);
  return kind;
}

void serve(released, {
  // eslint-disable-next-line @typescript-eslint/require-await -- what it throws is to be a rejection
  async check(urn, _, news: Properties) {
    const strange = Object.keys(news).find((key) => !kindOf(urn).inputs.includes(key));
    if (strange !== undefined) throw unknownType(urn, strange);
    return { inputs: news };
  },
  // Any change draws anew.
  diff(_, urn, olds: Properties, news: Properties) {
    const replaces = kindOf(urn).inputs.filter(
      (key) => !isDeepStrictEqual(reveal(olds[key]), reveal(news[key])),
    );
    return Promise.resolve({ changes: replaces.length > 0, replaces });
  },
  create(urn, inputs: Properties) {
    const { id, outs } = kindOf(urn).draw(reveal(inputs) as Properties);
    return Promise.resolve({ id, outs: { ...inputs, ...outs } });
  },
});
