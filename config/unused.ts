import { type Configuration, standaloneDefaults, storeSections } from "./schema";
import { isObject } from "./object";
import { type Violation, violation } from "./violation";

/** Keys that would be accepted and have no effect, because another one switches them off. */
export function unusedKeys(config: Configuration, raw: Readonly<Record<string, unknown>>): Violation[] {
  return [...ofPlatform(config), ...ofPlacement(config, raw), ...ofHosts(config), ...ofS3(config)];
}

function ofPlatform({ platform, standalone, pruner }: Configuration): Violation[] {
  if (platform === "operator" && standalone)
    return [violation(["standalone"], 'is for platform "standalone"; take it out, or set platform')];
  if (platform === "standalone" && pruner)
    return [violation(["pruner"], 'is for the registry\'s operator; platform "standalone" prunes nothing')];
  return [];
}

function ofPlacement(
  { placement }: Configuration,
  { placement: given }: Readonly<Record<string, unknown>>,
): Violation[] {
  if (!placement || placement.infra || !isObject(given)) return [];
  const idle = Object.entries(given).filter(([key, value]) => key !== "infra" && !isEmpty(value));
  return idle.map(([key]) =>
    violation(
      ["placement", key],
      "has no effect with placement.infra: false; take it out, or set infra: true",
    ),
  );
}

const isEmpty = (value: unknown) =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;

// verifyHosts is not here: who looks for drift sets it for every stack.
function ofHosts({ nfs, reapplyHosts }: Configuration): Violation[] {
  if (reapplyHosts === "" || hasHosts(nfs)) return [];
  return [
    violation(
      ["reapplyHosts"],
      "has no effect: there is no nfs.host and no nfs.clientHosts to go through again",
    ),
  ];
}

function ofS3({ s3 }: Configuration): Violation[] {
  if (!s3?.keyID || (s3.encrypt ?? s3.regionEndpoint === undefined)) return [];
  return [violation(["s3", "keyID"], "has no effect without s3.encrypt: true")];
}

const hasHosts = (nfs: Configuration["nfs"]) => nfs?.host !== undefined || (nfs?.clientHosts.length ?? 0) > 0;

/**
 * What may be meant, or be a mistake: sections of other backends may be kept for a switch, but whoever forgot `backend`
 * would lose images.
 */
export function doubts(config: Configuration): string[] {
  const { backend, nfs, sshPrivateKey, sshKeyPassphrase, s3AccessKey, s3SecretKey } = config;
  const sections = storeSections.filter((key) => key !== backend && config[key] !== undefined);
  const ssh = { sshPrivateKey, sshKeyPassphrase };
  const keys = { s3AccessKey, s3SecretKey };
  const secrets = [
    ...(backend === "nfs" && !hasHosts(nfs) ? Object.entries(ssh) : []),
    ...(backend !== "s3" && !config.s3 ? Object.entries(keys) : []),
    ...(backend !== "nfs" && !nfs ? Object.entries(ssh) : []),
  ];
  const unused = [...sections, ...secrets.filter(([, value]) => value !== "").map(([key]) => key)];
  return [
    ...(unused.length > 0 ? [`${unused.join(", ")}: not used with backend "${backend}"`] : []),
    ...movingTag(config),
  ];
}

function movingTag({ standalone }: Configuration): string[] {
  const image = standalone?.image ?? standaloneDefaults.image;
  if (image === standaloneDefaults.image || image.includes("@sha256:")) return [];
  return [
    `standalone.image: "${image}" is a tag, which its owner can move, and pods would run two versions; add the digest: @sha256:…`,
  ];
}
