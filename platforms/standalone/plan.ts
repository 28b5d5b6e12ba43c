import { podStorage } from "../../backends/stores";
import { type Configuration, standaloneDefaults } from "../../config/schema";
import { UserError } from "../../errors";
import { type RegistryPlan, planIn } from "../plan";

export interface AllowFrom {
  /** All pods of these. */
  readonly namespaces: readonly string[];
  /** CIDRs, or addresses. */
  readonly networks: readonly string[];
}

/** What the stack asks of a registry that it runs itself. */
export interface StandalonePlan extends RegistryPlan {
  readonly image: string;
  /** Name of a kubernetes.io/tls Secret in the namespace. */
  readonly tlsSecret?: string | undefined;
  /** Name of a Secret in the namespace whose key `htpasswd` has the users. */
  readonly htpasswdSecret?: string | undefined;
  /** Who reaches the registry besides the nodes. */
  readonly allowFrom: AllowFrom;
  /** User and group that the pods run as, where the cluster does not assign them itself. */
  readonly owner: { readonly uid: number; readonly gid: number };
  /** Whether the stack names that user, or takes the default. */
  readonly ownerIsGiven: boolean;
}

export function planOf(config: Configuration): StandalonePlan {
  const { namespace, image, tlsSecret, htpasswdSecret, allowFrom, uid, gid } =
    config.standalone ?? standaloneDefaults;
  const plan = planIn(namespace, config);
  if (!podStorage(plan.storage)) {
    throw new UserError(
      `backend: "${plan.backend.name}" is for the registry's operator; platform "standalone" takes emptyDir, nfs, pvc and s3`,
    );
  }
  const files = plan.backend.needs?.exportHost?.export;
  const user = uid ?? files?.uid ?? 1000;
  return {
    ...plan,
    image,
    tlsSecret,
    htpasswdSecret,
    allowFrom,
    owner: { uid: user, gid: gid ?? files?.gid ?? user },
    ownerIsGiven: uid !== undefined || gid !== undefined,
  };
}
