import { closest, distance } from "fastest-levenshtein";

/** What is wrong with one option of a list: `index` says which. */
export interface OptionProblem {
  readonly index: number;
  readonly message: string;
}

/** An option by what it decides, whichever of its spellings is used: `nolock` is `lock`, as `no`. */
interface Decision {
  readonly of: string;
  readonly value: string;
}

const words = (text: string): string[] => text.split(" ");

/** nfs(5), and what mount(8) takes for every file system. Those in the first two lists may have "no" in front. */
const flags = words(
  "posix cto ac rdirplus sharecache resvport fsc migration trunkdiscovery lock acl " +
    "atime diratime relatime strictatime lazytime dev exec suid mand iversion",
);
const alone = words("rw ro hard fg bg sync async dirsync tcp udp rdma v3 v4 v4.0 v4.1 v4.2 sloppy silent");
const numbers = words(
  "minorversion port mountport mountvers timeo retrans retry rsize wsize bsize namlen acregmin acregmax acdirmin " +
    "acdirmax actimeo nconnect max_connect",
);
const texts = words(
  "nfsvers vers proto mountproto mountaddr mounthost addr clientaddr sec xprtsec lookupcache local_lock write context " +
    "fscontext defcontext rootcontext cert_serial privkey_serial fsc",
);
const onlyInFstab = words("auto noauto user nouser users owner group defaults _netdev nofail");
const others = words("remount bind rbind move loop");
const known = [...flags, ...flags.map((flag) => `no${flag}`), ...alone, ...numbers, ...texts];
const versions = ["3", "4", "4.0", "4.1", "4.2"];
const flavours = words("sys krb5 krb5i krb5p");

/** What is wrong with the options of a mount of the registry's images, each by itself and beside the others. */
export function checkMountOptions(options: readonly string[]): OptionProblem[] {
  const alreadyWrong = options.flatMap((option, index) => {
    const message = checkOption(option);
    return message === undefined ? [] : [{ index, message }];
  });
  return alreadyWrong.length > 0 ? alreadyWrong : contradictions(options);
}

function checkOption(option: string): string | undefined {
  const [name = "", value] = parts(option);
  if (!/^[A-Za-z0-9_.:=+-]+$/.test(option)) return "is not one mount option of nfs(5)";
  if (/^soft(err|reval)?$/.test(name))
    return "gives up on writes when the server is slow, and images break; use hard";
  if (name === "ro")
    return "mounts read-only, and every push would fail; take it out, or set registry.readOnly";
  if (name === "bg") return "lets the pod start while nothing is mounted; take it out";
  if (/udp/.test(name) || (/proto$/.test(name) && /^udp/.test(value ?? "")))
    return "is UDP, over which NFS loses data, and current kernels refuse it; use proto=tcp";
  if (/^(no)?intr$/.test(name)) return "has had no effect since Linux 2.6.25; take it out";
  if (onlyInFstab.includes(name)) return "is for /etc/fstab, and has no effect on a volume; take it out";
  if (others.includes(name)) return "is for mount(8) by hand, and no option of a volume";
  if (!known.includes(name)) return `is no option of nfs(5)${suggestion(name)}`;
  return checkValue(name, value);
}

function checkValue(name: string, value: string | undefined): string | undefined {
  const takesNone = !numbers.includes(name) && (!texts.includes(name) || name === "fsc");
  if (takesNone && name !== "fsc" && name !== "rdirplus")
    return value === undefined ? undefined : "takes no value";
  if (takesNone) return undefined;
  if (value === undefined || value === "") return `needs a value: ${name}=…`;
  if (numbers.includes(name)) {
    if (!/^\d{1,9}$/.test(value)) return "needs a whole number";
    if (/connect$/.test(name) && (Number(value) < 1 || Number(value) > 16)) return "is not 1 to 16";
    if (/port$/.test(name) && Number(value) > 65535) return "is no port";
  }
  if (/^(nfs)?vers$/.test(name) && !versions.includes(value))
    return `is no version of NFS that is served; there are ${versions.join(", ")}`;
  const unknown = name === "sec" && value.split(":").find((flavour) => !flavours.includes(flavour));
  if (unknown) return `has flavour "${unknown}"; there are ${flavours.join(", ")}`;
  if (/proto$/.test(name) && !/^(tcp6?|rdma6?)$/.test(value)) return "is not tcp, tcp6, rdma or rdma6";
  return undefined;
}

function contradictions(options: readonly string[]): OptionProblem[] {
  const found: OptionProblem[] = [];
  const decided = new Map<string, { option: string; value: string }>();
  options.forEach((option, index) => {
    const { of, value } = decisionOf(option);
    const before = decided.get(of);
    if (before) {
      const message =
        before.value === value ? `says again what "${before.option}" says` : `contradicts "${before.option}"`;
      found.push({ index, message: `${message}; keep one` });
    } else decided.set(of, { option, value });
  });
  const { major, minor } = versionIn(options);
  const [minorAt] = indices(options, /^minorversion=/);
  if (minorAt !== undefined && (major !== "4" || minor !== undefined))
    found.push({
      index: minorAt,
      message: 'goes with nfsvers=4 alone; write it into the version, as in "nfsvers=4.2"',
    });
  const onlyThree =
    major === "4" ? indices(options, /^(mount(port|proto|vers|addr|host)=|(no)?lock$|(no)?acl$)/) : [];
  found.push(...onlyThree.map((index) => ({ index, message: "has no effect on NFSv4; take it out" })));
  return found;
}

function decisionOf(option: string): Decision {
  const [name = "", value = "yes"] = parts(option);
  if (/^v\d/.test(name)) return { of: "version", value: name.slice(1) };
  if (/^(nfs)?vers$/.test(name)) return { of: "version", value };
  if (name === "rw" || name === "ro") return { of: "rw", value: name };
  if (/^(tcp|rdma)$/.test(name)) return { of: "proto", value: name };
  if (/^(sync|async)$/.test(name)) return { of: "sync", value: name };
  const positive = name.replace(/^no/, "");
  return flags.includes(positive) && positive !== name ? { of: positive, value: "no" } : { of: name, value };
}

/** The NFS version that the options ask for; none is left to client and server. */
export function versionIn(options: readonly string[]): { major?: string; minor?: string; option?: string } {
  const option = options.find((one) => decisionOf(one).of === "version");
  if (option === undefined) return {};
  const [major = "", minor] = decisionOf(option).value.split(".");
  return { major, option, ...(minor !== undefined && { minor }) };
}

/** The value of an option that has one. */
export function valueIn(options: readonly string[], name: string): string | undefined {
  return options.map(parts).find(([one]) => one === name)?.[1];
}

function indices(options: readonly string[], pattern: RegExp): number[] {
  return options.flatMap((option, index) => (pattern.test(option) ? [index] : []));
}

function parts(option: string): [name: string, value?: string] {
  const [name = "", ...value] = option.split("=");
  return value.length === 0 ? [name] : [name, value.join("=")];
}

function suggestion(name: string): string {
  const nearest = closest(name, known);
  return distance(name, nearest) <= 2 ? `; did you mean "${nearest}"?` : "";
}
