const hostKey = /^(ssh-ed25519|ecdsa-sha2-nistp(?:256|384|521)) ([A-Za-z0-9+/]+=*)(?: [^\n]*)?$/;
const otherType = /^(ssh-rsa|ssh-dss|rsa-sha2-\d+) /;

/**
 * What is wrong with a host's public key, as `ssh-keyscan` prints it after the host's name, or undefined; `notAKey` for
 * what is none at all.
 */
export function checkHostKey(text: string, notAKey: string): string | undefined {
  const [, known, base64 = ""] = hostKey.exec(text) ?? [];
  if (known !== undefined)
    return isWhole(known, base64)
      ? undefined
      : "is cut off or damaged, and no host would be known by it; write it as ssh-keyscan prints it";
  const [, type] = otherType.exec(text) ?? [];
  // The command provider asks for signatures with SHA-1 then, which no current sshd makes.
  return type === undefined
    ? notAKey
    : `is of type ${type}, by which no host is known; ask for ed25519 or ecdsa: ssh-keyscan -t ed25519,ecdsa HOST`;
}

/** Whether it is the fields that RFC 4253 and 5656 say, to the last byte: its type, for ecdsa the curve, and the key. */
function isWhole(type: string, base64: string): boolean {
  const bytes = Buffer.from(base64, "base64");
  const fields: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 4 + (fields.at(-1)?.length ?? 0)) {
    if (at + 4 > bytes.length) return false;
    const field = bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at));
    if (field.length !== bytes.readUInt32BE(at)) return false;
    fields.push(field);
  }
  return fields[0]?.toString() === type && fields.length === (type === "ssh-ed25519" ? 2 : 3);
}
