import { storesNamed } from "../backends/store-names";
import { settingNames } from "../crds/fields";
import { nfsRules } from "./nfs-rules";
import { askTier, isProduction, saidByName } from "./production";
import type { Configuration } from "./schema";
import { unusedKeys } from "./unused";
import { type Violation, violation } from "./violation";

/** What no single value shows: rules between values, which the operator, NFS or the data would pay for. */
export function violations(
  config: Configuration,
  stack: string,
  raw: Readonly<Record<string, unknown>>,
): Violation[] {
  return [
    ...unusedKeys(config, raw),
    ...tierRules(config, stack),
    ...backendRules(config),
    ...emptyDirRules(config, stack),
    ...accessModeRules(config),
    ...imageRules(config),
    ...nfsRules(config),
    ...placementRules(config),
    ...standaloneRules(config),
  ];
}

function tierRules({ tier }: Configuration, stack: string): Violation[] {
  if (tier !== "other" || !saidByName(stack)) return [];
  return [
    violation(
      ["tier"],
      `contradicts the name of stack "${stack}", which says production; name the stack otherwise, or take the key out`,
    ),
  ];
}

function backendRules({ backend, ...config }: Configuration): Violation[] {
  if (backend === "emptyDir") return [];
  const missing =
    config[backend] === undefined ? [violation([backend], `backend "${backend}" needs this section`)] : [];
  if (backend !== "s3") return missing;
  return [...missing, ...s3KeyRules(config)];
}

/** Both keys or none: an operator may have its own, from the cloud or in the Secret that somebody made for it. */
function s3KeyRules({ platform, s3, s3AccessKey, s3SecretKey }: Omit<Configuration, "backend">): Violation[] {
  const keys = { s3AccessKey, s3SecretKey };
  const names = ["s3AccessKey", "s3SecretKey"] as const;
  const given = names.filter((key) => keys[key] !== "");
  if (s3?.objectBucketClaim !== undefined)
    return given.map((key) => violation([key], "comes from s3.objectBucketClaim; take one of them out"));
  if (given.length === 0 && platform === "operator") return [];
  return names
    .filter((key) => !given.includes(key))
    .map((key) => violation([key], `backend "s3" needs it: pulumi config set --secret ${key}`));
}

function emptyDirRules(config: Configuration, stack: string): Violation[] {
  const { backend, replicas, tier } = config;
  const acceptImageLoss = storesNamed(config.acceptImageLoss).includes("emptyDir");
  if (backend !== "emptyDir") return [];
  const found: Violation[] = [];
  if (replicas > 1) {
    found.push(
      violation(
        ["replicas"],
        "is more than 1, the limit on emptyDir: each pod would keep images of its own; use nfs, pvc or s3",
      ),
    );
  }
  const production = isProduction(stack, tier);
  if (production && !acceptImageLoss) {
    found.push(
      violation(
        ["backend"],
        `loses every image when the pod restarts, and stack "${stack}" is production; use nfs, pvc or s3, or say acceptImageLoss: emptyDir`,
      ),
    );
  }
  if (production === undefined && !acceptImageLoss) {
    found.push(violation(["backend"], `loses every image when the pod restarts, and ${askTier(stack)}`));
  }
  return found;
}

function imageRules({ backend, copyImages }: Configuration): Violation[] {
  if (!copyImages || backend === "nfs" || backend === "pvc") return [];
  const message =
    `copies to backends nfs and pvc, not to ${backend}; mirror the images instead (oc image mirror, skopeo sync), and ` +
    `name the store that is left in acceptImageLoss for that up`;
  return [violation(["copyImages"], message)];
}

function accessModeRules({ backend, replicas, rolloutStrategy, ...config }: Configuration): Violation[] {
  if (backend !== "nfs" && backend !== "pvc") return [];
  const modes = config[backend]?.accessModes;
  if (!modes || modes.includes("ReadWriteMany")) return [];
  const found: Violation[] = [];
  if (replicas > 1)
    found.push(
      violation(
        ["replicas"],
        `is more than 1, the limit with ${backend}.accessModes ReadWriteOnce; use ReadWriteMany`,
      ),
    );
  if (rolloutStrategy !== "Recreate") {
    found.push(
      violation(
        ["rolloutStrategy"],
        `starts the new pod beside the old one, which ${backend}.accessModes ReadWriteOnce does not allow; use "Recreate"`,
      ),
    );
  }
  return found;
}

function placementRules({ placement }: Configuration): Violation[] {
  if (!placement?.infra) return [];
  const labels = Object.keys(placement.nodeSelector);
  return labels.length
    ? []
    : [
        violation(
          ["placement", "nodeSelector"],
          "is empty and would match every node; name a label, or set placement.infra: false",
        ),
      ];
}

function standaloneRules({
  platform,
  managementState,
  registry,
  s3,
  standalone,
}: Configuration): Violation[] {
  if (platform !== "standalone") return [];
  const known: readonly string[] = settingNames.registry;
  const found = Object.keys(registry ?? {})
    .filter((key) => !known.includes(key))
    .map((key) =>
      violation(
        ["registry", key],
        `is for the registry's operator; platform "standalone" takes ${known.join(", ")}`,
      ),
    );
  if (managementState === "Unmanaged") {
    found.push(
      violation(
        ["managementState"],
        'has no meaning on platform "standalone", where no operator would leave the registry alone; use Managed or Removed',
      ),
    );
  }
  if (standalone?.htpasswdSecret !== undefined && standalone.tlsSecret === undefined) {
    found.push(
      violation(
        ["standalone", "htpasswdSecret"],
        "would have passwords sent in plain text; name a Secret with a certificate in standalone.tlsSecret",
      ),
    );
  }
  if (standalone?.namespace === "openshift-image-registry") {
    found.push(
      violation(
        ["standalone", "namespace"],
        'is where the registry\'s operator works; name another, or use platform "operator"',
      ),
    );
  }
  for (const key of ["trustedCA", "cloudFront"] as const) {
    if (s3?.[key] === undefined) continue;
    found.push(
      violation(["s3", key], 'is read by the registry\'s operator alone; platform "standalone" has none'),
    );
  }
  return found;
}
