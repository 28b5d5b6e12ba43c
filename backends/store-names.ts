import type { StoreKey } from "./backend";

interface Identity {
  /** The fields that say which store it is: where all are equal, the images are the same. The first one is its name. */
  readonly names: readonly string[];
  /**
   * What says so besides, and is found out by the operator where nobody gives it: two stores differ by it where both are
   * known. Buckets of gcs, oss and ibmcos have one name in the world.
   */
  readonly account: readonly string[];
}

/** The object stores of which only the operator knows more than the names. */
export type ObjectStoreKey = "azure" | "gcs" | "swift" | "oss" | "ibmcos";

/** Which fields of `spec.storage.KEY` say which store it is. */
export const identities: Readonly<Record<StoreKey, Identity>> = {
  emptyDir: { names: [], account: [] },
  pvc: { names: ["claim"], account: [] },
  s3: { names: ["bucket", "regionEndpoint"], account: [] },
  azure: { names: ["container"], account: ["accountName", "cloudName"] },
  gcs: { names: ["bucket"], account: [] },
  swift: {
    names: ["container"],
    account: ["authURL", "regionName", "tenant", "tenantID", "domain", "domainID"],
  },
  oss: { names: ["bucket"], account: [] },
  ibmcos: { names: ["bucket"], account: [] },
};

/** The stores that a text names, separated by commas: none where it is empty, or the `false` of former times. */
export function storesNamed(text: string): string[] {
  if (["", "false"].includes(text.trim())) return [];
  return text.split(",").map((name) => name.trim().replace(/\s+/g, " "));
}

/** Whether a text may be the name of a store: `emptyDir`, `pvc images`, `azure images account`. */
export function isStoreName(name: string): boolean {
  const [key = "", ...rest] = name.split(" ");
  if (!(key in identities)) return false;
  const { names, account } = identities[key as StoreKey];
  return rest.length >= Math.min(1, names.length) && rest.length <= names.length + account.length;
}
