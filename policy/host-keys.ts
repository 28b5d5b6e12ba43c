import type { ResourceValidationPolicy } from "@pulumi/policy";
import { checkHostKey } from "../hosts/host-key";

interface Connection {
  readonly host: string;
  readonly hostKey?: string;
  readonly proxy?: Connection;
}

export const hostKeysPinned: ResourceValidationPolicy = {
  name: "host-keys-pinned",
  description: "Whoever answers over SSH, bastion included, proves to be the host that was meant.",
  enforcementLevel: "mandatory",
  validateResource: ({ type, props }, report) => {
    if (!type.startsWith("command:remote:")) return;
    const { connection } = props as { connection: Connection };
    const hops = { connection, "connection.proxy": connection.proxy };
    for (const [key, hop] of Object.entries(hops)) {
      if (!hop) continue;
      const write = `set hostKey to what "ssh-keyscan -t ed25519 ${hop.host}" prints after the host's name, once you trust it`;
      const unpinned = (what: string) => `is ${what}, and anybody could answer in its place; ${write}`;
      const problem = checkHostKey(
        hop.hostKey ?? "",
        unpinned(hop.hostKey ? "no SSH public key" : "missing"),
      );
      if (problem) report(`${key}.hostKey of host "${hop.host}" ${problem}`);
    }
  },
};
