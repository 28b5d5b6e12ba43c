import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { checkPrivateKey } from "../../../hosts/private-key";

/** As ssh-keygen writes it. */
function made(passphrase: string, ...options: string[]): { key: string; publicKey: string } {
  const folder = mkdtempSync(path.join(tmpdir(), "made-key-"));
  const file = path.join(folder, "key");
  try {
    execFileSync("ssh-keygen", ["-q", "-N", passphrase, "-f", file, ...options]);
    return { key: readFileSync(file, "utf8"), publicKey: readFileSync(`${file}.pub`, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const word = "it's a $(secret)";
const ed25519 = ["-t", "ed25519"];
const pkcs1 = ["-t", "rsa", "-b", "2048", "-m", "PEM"];

describe("a private key", function () {
  this.timeout(60_000);

  it("is taken in every format that the provider reads, with any line ends", () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    const keys = [
      ...[ed25519, ["-t", "ecdsa"], ["-t", "ecdsa", "-m", "PEM"], pkcs1].map(
        (options) => made("", ...options).key,
      ),
      rsa.export({ type: "pkcs8", format: "pem" }).toString(),
    ];
    for (const key of keys) {
      assert.equal(checkPrivateKey(key, ""), undefined, key);
      assert.equal(checkPrivateKey(`\n${key.replaceAll("\n", "\r\n")}`, ""), undefined);
    }
  });

  for (const [format, options] of Object.entries({ "OpenSSH's": [...ed25519, "-a", "1"], PEM: pkcs1 })) {
    it(`that is encrypted in ${format} format needs its passphrase, and no other; one that is not needs none`, () => {
      const { key } = made(word, ...options);
      assert.equal(checkPrivateKey(key, word), undefined);
      assert.deepEqual(checkPrivateKey(key, ""), {
        of: "passphrase",
        message: "is missing, and the key is encrypted",
      });
      assert.deepEqual(checkPrivateKey(key, "another"), {
        of: "passphrase",
        message: "does not open the key",
      });
      assert.match(
        checkPrivateKey(made("", ...options).key, word)!.message,
        /^is given, and the key is not encrypted/,
      );
    });
  }

  it("is refused when it is something else, with what to do, and never shown", () => {
    const { key, publicKey } = made("", ...ed25519);
    const pkcs8 = made(word, "-t", "ecdsa", "-m", "PKCS8").key;
    const others: [string, RegExp][] = [
      ["~/.ssh/id_ed25519", /^looks like the path of a file; give what is in it: pulumi config set --secret/],
      ["/home/me/key", /^looks like the path/],
      ["id_rsa", /^looks like the path/],
      ["C:\\Users\\me\\key.pem", /^looks like the path/],
      [publicKey, /^is a public key; the private one/],
      ["---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n", /^is a public key/],
      ["-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n", /^is a public key/],
      [
        "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n",
        /^is in PuTTY's format; convert it: puttygen/,
      ],
      [pkcs8, /^is encrypted PKCS#8, .*ssh-keygen -p -f/],
      [key.replaceAll("\n", " "), /^has lost its line breaks/],
      [key.slice(0, -50), /^has lost its line breaks or its end/],
      [key.replace(/\n.*\n-----END/, "\n-----END"), /^is damaged/],
      ["-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIE\n-----END PRIVATE KEY-----\n", /^is damaged/],
      [made(word, ...ed25519, "-a", "1", "-Z", "aes128-ctr").key, /^is encrypted with aes128-ctr/],
      [`${key}${key}`, /^is more than one key/],
      ["hunter2", /^is no private key/],
    ];
    for (const [text, message] of others) {
      const problem = checkPrivateKey(
        text,
        text.includes("OPENSSH") && message.source.includes("aes") ? word : "",
      );
      assert.equal(problem?.of, "key", text);
      assert.match(problem.message, message);
      assert.doesNotMatch(problem.message, /\n|hunter2|home\/me/);
    }
  });
});
