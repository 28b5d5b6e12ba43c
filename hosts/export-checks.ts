/**
 * Each check returns what is wrong with a value, or undefined. The caller puts the configuration key in front.
 * Values reach exports(5), where a space before "(" exports to the world and a newline starts another export:
 * what is allowed is spelled out, all else is refused.
 */
import ipaddr from "ipaddr.js";

/** Themselves, and what holds other programs' directories. */
const systemDirectories = new Set([
  ..."/ /bin /boot /dev /etc /home /lib /lib64 /media /mnt /opt /proc /root /run /sbin /srv /sys /tmp /usr".split(
    " ",
  ),
  ..."/usr/local /usr/src /var /var/backups /var/cache /var/games /var/lib /var/local /var/lock /var/log".split(
    " ",
  ),
  ..."/var/mail /var/opt /var/run /var/spool /var/tmp /var/www".split(" "),
]);
/** All that is below them, too: the system's own, what is emptied at boot, what this project's script keeps. */
const systemTrees =
  /^\/(bin|boot|dev|etc|lib(32|64|x32)?|proc|root|run|sbin|sys|tmp|usr(?!\/local\/)|var\/(lock|run|tmp)|lost\+found|var\/lib\/(image-registry|nfs))\//;
const flavours = ["sys", "krb5", "krb5i", "krb5p"];
const largestId = 2 ** 31 - 1;

/** Shows a value in a message on one line, whatever it holds. */
const show = (value: unknown): string =>
  (JSON.stringify(value) ?? String(value)).replace(/[\u2028\u2029]/g, (end) =>
    end === "\u2028" ? "\\u2028" : "\\u2029",
  );

export function checkId(id: string): string | undefined {
  return /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(id)
    ? undefined
    : `${show(id)} cannot name an export; use at most 40 lower-case letters, digits and dashes`;
}

export function checkExportPath(path: string): string | undefined {
  if (!path.startsWith("/")) return `${show(path)} is not an absolute path`;
  if (!/^(\/[A-Za-z0-9_][A-Za-z0-9._-]*)+$/.test(path)) {
    return path === "/"
      ? `"/" is the whole host; name a directory of its own`
      : `${show(path)} is not a plain path; use letters, digits, ".", "_" and "-", no "..", no "/" at the end`;
  }
  if (path.length > 255) return `${show(path)} is ${path.length} characters long; the limit is 255`;
  return systemDirectories.has(path) || systemTrees.test(`${path}/`)
    ? `"${path}" belongs to the system; name a directory of its own`
    : undefined;
}

/** A directory of a server that this project does not set up: whatever that one exports, its root and blanks included. */
export function checkMountedPath(path: string): string | undefined {
  if (!path.startsWith("/")) return `${show(path)} is not an absolute path`;
  if (/[\p{Cc}\u2028\u2029]/u.test(path)) return `${show(path)} has a control character`;
  if (path.split("/").includes("..")) return `${show(path)} leads up with ".."; name the directory itself`;
  return path.length > 1023
    ? `${show(path)} is ${path.length} characters long; the limit is 1023`
    : undefined;
}

/** A problem starts with the client's index: `[1]: "0.0.0.0/0" opens…`. */
export function checkClients(clients: readonly string[]): string | undefined {
  if (clients.length === 0) return ": no client is named; name the nodes' networks";
  for (const [index, client] of clients.entries()) {
    const problem = checkClient(client) ?? checkRepetition(clients, index);
    if (problem) return `[${index}]: ${problem}`;
  }
  return undefined;
}

export function checkClient(client: string): string | undefined {
  const text = show(client);
  if (/^(\*|0\.0\.0\.0|::)?(\/0+)?$/.test(client)) {
    return `${text} opens the export to every host; name the nodes' networks`;
  }
  const [address, prefix, ...rest] = client.split("/");
  const decimal =
    address !== undefined && (ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address));
  if (
    !decimal ||
    address.includes("%") ||
    rest.length > 0 ||
    (prefix !== undefined && !/^\d{1,3}$/.test(prefix))
  ) {
    return `${text} is not an address or network; write one such as 10.0.0.0/24 (host names can be spoofed)`;
  }
  const parsed = ipaddr.parse(address);
  if (parsed.kind() === "ipv6" && (parsed as ipaddr.IPv6).isIPv4MappedAddress()) {
    return `${text} is an IPv4 address inside IPv6; write it as IPv4`;
  }
  if (prefix === undefined) return undefined;
  return checkPrefix(text, parsed, Number(prefix));
}

function checkPrefix(text: string, address: ipaddr.IPv4 | ipaddr.IPv6, prefix: number): string | undefined {
  const [bits, widest, family] = address.kind() === "ipv4" ? [32, 8, ipaddr.IPv4] : [128, 16, ipaddr.IPv6];
  if (prefix > bits) return `${text}: the prefix is at most ${bits}`;
  if (prefix === 0) return `${text} opens the export to every host; name the nodes' networks`;
  if (prefix < widest) return `${text} is wider than /${widest}; name the nodes' networks`;
  const network = family.networkAddressFromCIDR(`${address.toString()}/${prefix}`).toString();
  return network === address.toString()
    ? undefined
    : `${text} has bits beyond its prefix; write ${network}/${prefix}, or the address without a prefix`;
}

/** Of a client that is there before, also where it is written in another way: fd00::/64 and fd00:0::/64. */
export function checkRepetition(clients: readonly string[], index: number): string | undefined {
  const canonical = clients.map(canonicalClient);
  const first = canonical.indexOf(canonical[index] as string);
  return first < index ? `${show(clients[index])} is the same as [${first}]; name it once` : undefined;
}

/** The spelling exportfs and the firewalls print; a network of one address is that address. */
export function canonicalClient(client: string): string {
  const [address = "", prefix] = client.split("/");
  if (!ipaddr.isValid(address)) return client;
  const parsed = ipaddr.parse(address);
  const whole = parsed.kind() === "ipv4" ? "32" : "128";
  return prefix === undefined || prefix === whole
    ? parsed.toString()
    : `${parsed.toString()}/${Number(prefix)}`;
}

export function checkUid(uid: number): string | undefined {
  if (uid === 0) return "0 is root; name an ordinary user's number";
  return Number.isInteger(uid) && uid > 0 && uid <= largestId
    ? undefined
    : `${show(uid)} is not a user or group number; use 1 to ${largestId}`;
}

/** 0 would make the directory the root of all NFSv4 exports of its host. */
export function checkFsid(fsid: number): string | undefined {
  return Number.isInteger(fsid) && fsid > 0 && fsid <= largestId
    ? undefined
    : `${show(fsid)} is not a number from 1 to ${largestId}`;
}

export function checkMode(mode: string): string | undefined {
  if (!/^[0-7]{3,4}$/.test(mode)) return `${show(mode)} is not an octal mode; write one such as 0770`;
  return Number.parseInt(mode.slice(-1), 8) & 2 ? `${show(mode)} lets every user write; use 0770` : undefined;
}

export function checkSecurity(security: string): string | undefined {
  const wrong = security.split(":").find((flavour) => !flavours.includes(flavour));
  return wrong === undefined ? undefined : `${show(wrong)} is not one of ${flavours.join(", ")}`;
}

export function checkSeconds(seconds: number): string | undefined {
  return Number.isInteger(seconds) && seconds >= 1 && seconds <= 1200
    ? undefined
    : `${show(seconds)} is not a number of seconds from 1 to 1200`;
}

/** A user to log in as; ssh would take one that begins with "-" for an option. */
export function checkUser(user: string): string | undefined {
  return /^[A-Za-z0-9_.][\w.@\\$+-]{0,254}$/.test(user)
    ? undefined
    : `${show(user)} is not the name of a user`;
}

/** The server as a client names it: an address or a host name, never with a scheme or a path. */
export function checkServer(server: string): string | undefined {
  const hostname = /^[A-Za-z0-9]([A-Za-z0-9-]{0,62})(\.[A-Za-z0-9][A-Za-z0-9-]{0,62})*$/;
  return ipaddr.isValid(server) || hostname.test(server)
    ? undefined
    : `${show(server)} is not a host name or address`;
}
