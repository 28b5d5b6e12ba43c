const hostKey = /^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+=*( [^\n]*)?$/;
const otherType = /^(ssh-rsa|ssh-dss|rsa-sha2-\d+) /;

/**
 * What is wrong with a host's public key, as `ssh-keyscan` prints it after the host's name, or undefined; `notAKey` for
 * what is none at all.
 */
export function checkHostKey(text: string, notAKey: string): string | undefined {
  if (hostKey.test(text)) return undefined;
  const [, type] = otherType.exec(text) ?? [];
  // The command provider asks for signatures with SHA-1 then, which no current sshd makes.
  return type === undefined
    ? notAKey
    : `is of type ${type}, by which no host is known; ask for ed25519 or ecdsa: ssh-keyscan -t ed25519,ecdsa HOST`;
}
