import { createDecipheriv, createPrivateKey } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";

import type * as bcrypt from "bcrypt-pbkdf";
import { projectDirectory } from "../project";

/** What is wrong with a private key, or with the passphrase that goes with it. It never quotes either. */
export interface KeyProblem {
  readonly of: "key" | "passphrase";
  readonly message: string;
}

/** Those that the command provider and OpenSSH both sign with. */
const keyTypes = /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521))$/;
const pem = /^-----BEGIN ([A-Z0-9 ]+)-----\r?\n([^]+?)\r?\n-----END \1-----$/;
const missing = problem("passphrase", "is missing, and the key is encrypted");
const wrong = problem("passphrase", "does not open the key");
const needless = problem("passphrase", "is given, and the key is not encrypted; take it out");
const damaged = problem("key", "is damaged: part of it is missing, or it was changed on the way");

/**
 * Whether the command provider (golang.org/x/crypto/ssh, ParseRawPrivateKey) can use the key: else every host fails, when
 * the first resources are made already.
 */
export function checkPrivateKey(text: string, passphrase: string): KeyProblem | undefined {
  if (text.split("-----BEGIN ").length > 2)
    return problem("key", "is more than one key, or has more beside it; give one");
  const [, label, body = ""] = pem.exec(text.trim()) ?? [];
  switch (label) {
    case undefined:
      return problem("key", notPem(text.trim()));
    case "OPENSSH PRIVATE KEY":
      return checkOpenSsh(body, passphrase);
    case "PRIVATE KEY":
    case "RSA PRIVATE KEY":
    case "EC PRIVATE KEY":
      return checkPem(text.trim(), passphrase);
    case "ENCRYPTED PRIVATE KEY":
      return problem(
        "key",
        "is encrypted PKCS#8, which the provider does not open; convert it: ssh-keygen -p -f key-file",
      );
    default:
      return problem("key", /PUBLIC KEY|CERTIFICATE/.test(label) ? publicKey : `is a ${label}; ${give}`);
  }
}

const give = "give an ed25519, ECDSA or RSA key in PEM or OpenSSH's format";
const publicKey = "is a public key; the private one is in the file without .pub";

function notPem(text: string): string {
  if (/^PuTTY-User-Key-File/.test(text))
    return "is in PuTTY's format; convert it: puttygen key.ppk -O private-openssh -o key-file";
  if (/^(ssh-|ecdsa-|sk-)\S+ \S|^---- BEGIN SSH2/.test(text)) return publicKey;
  if (/^-----BEGIN /.test(text)) return "has lost its line breaks or its end; give the key's file as it is";
  if (/^[^\s]+$/.test(text) && /[/\\~.]|^id_/.test(text))
    return "looks like the path of a file; give what is in it: pulumi config set --secret sshPrivateKey < key-file";
  return `is no private key; ${give}`;
}

function checkPem(text: string, passphrase: string): KeyProblem | undefined {
  const encrypted = /^Proc-Type: .*ENCRYPTED/m.test(text);
  if (encrypted !== (passphrase !== "")) return encrypted ? missing : needless;
  try {
    createPrivateKey({ key: text, format: "pem", passphrase });
    return undefined;
  } catch {
    return encrypted ? wrong : damaged;
  }
}

/** PROTOCOL.key of OpenSSH. */
function checkOpenSsh(body: string, passphrase: string): KeyProblem | undefined {
  const bytes = Buffer.from(body, "base64");
  const magic = "openssh-key-v1\0";
  if (bytes.toString("latin1", 0, magic.length) !== magic) return damaged;
  try {
    const file = new Reader(bytes.subarray(magic.length));
    const [cipher, derivation, options] = [file.text(), file.text(), file.bytes()];
    const count = file.number();
    const type = new Reader(file.bytes()).text();
    const secret = file.bytes();
    if (count !== 1 || !file.isRead) return damaged;
    if (!keyTypes.test(type)) return problem("key", `is of type ${type}; ${give}`);
    const encrypted = cipher !== "none";
    if (encrypted !== (passphrase !== "")) return encrypted ? missing : needless;
    if (!encrypted) return isOpen(secret) ? undefined : damaged;
    if (derivation !== "bcrypt" || !/^aes256-(ctr|cbc)$/.test(cipher))
      return problem(
        "key",
        `is encrypted with ${cipher}, which the provider does not open; convert it: ssh-keygen -p -Z aes256-ctr -f key-file`,
      );
    return isOpen(decrypted(secret, cipher, new Reader(options), passphrase)) ? undefined : wrong;
  } catch (error) {
    if (error instanceof RangeError) return damaged;
    throw error;
  }
}

/** One random number twice: so one sees whether it was opened. */
function isOpen(secret: Buffer): boolean {
  return secret.readUInt32BE(0) === secret.readUInt32BE(4);
}

function decrypted(secret: Buffer, cipher: string, options: Reader, passphrase: string): Buffer {
  const [salt, rounds] = [options.bytes(), options.number()];
  // Not loaded by every run, for it is needed by the few whose key is encrypted.
  const { pbkdf } = createRequire(join(projectDirectory, "package.json"))("bcrypt-pbkdf") as typeof bcrypt;
  const password = Buffer.from(passphrase);
  const key = Buffer.alloc(48);
  pbkdf(password, password.length, salt, salt.length, key, key.length, rounds);
  // OpenSSL writes aes-256-ctr for what OpenSSH calls aes256-ctr.
  const name = cipher.replace("aes", "aes-");
  const opened = createDecipheriv(name, key.subarray(0, 32), key.subarray(32)).setAutoPadding(false);
  return opened.update(secret);
}

/** Fields as SSH writes them (RFC 4251); past the end it throws a RangeError. */
class Reader {
  private at = 0;

  constructor(private readonly buffer: Buffer) {}

  get isRead(): boolean {
    return this.at === this.buffer.length;
  }

  number(): number {
    this.at += 4;
    return this.buffer.readUInt32BE(this.at - 4);
  }

  bytes(): Buffer {
    const length = this.number();
    const end = this.at + length;
    if (end > this.buffer.length) throw new RangeError("a field is longer than what is left");
    const field = this.buffer.subarray(this.at, end);
    this.at = end;
    return field;
  }

  text(): string {
    return this.bytes().toString("latin1");
  }
}

function problem(of: KeyProblem["of"], message: string): KeyProblem {
  return { of, message };
}
