/** A host's public key, as `ssh-keyscan` prints it after the host's name. */
export const hostKeyPattern = /^(ssh-ed25519|ecdsa-sha2-nistp\d{3}|ssh-rsa) [A-Za-z0-9+/]+=*( [^\n]*)?$/;
