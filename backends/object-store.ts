import type { Configuration } from "../config/schema";
import type { Backend, Store } from "./backend";
import { isIbm } from "./s3";

type Key = "azure" | "gcs" | "swift" | "oss" | "ibmcos";

/** The field of each that names what holds the images. */
const holders = {
  azure: "container",
  gcs: "bucket",
  swift: "container",
  oss: "bucket",
  ibmcos: "bucket",
} as const satisfies Record<Key, string>;

/** In whose account it is, where its name does not say it all. Buckets of gcs, oss and ibmcos have one name in the world. */
const accounts: Partial<Record<Key, readonly string[]>> = {
  azure: ["accountName", "cloudName"],
  swift: ["authURL", "regionName", "tenant", "tenantID", "domain", "domainID"],
};

/** The object stores that differ for this program in nothing but their names: their fields go to the operator as given. */
export const objectStores = (Object.keys(holders) as Key[]).map((key) => storeOf(key));

function storeOf(key: Key): Store<Key> {
  const holder = holders[key];
  const account = accounts[key] ?? [];
  return {
    key,
    identity: [holder],
    account,
    describe: (asked) => {
      const values = asked as Record<string, string | undefined>;
      const known = account.flatMap((field) => values[field] ?? []);
      return `${key} ${holder} "${values[holder] ?? ""}"${known.length ? ` of ${known.join(", ")}` : ""}`;
    },
    inUse: (pod) => {
      const isThis = key === "ibmcos" ? isIbm(pod) : pod.driver === key;
      if (!isThis) return undefined;
      const held = pod.setting(`${key === "ibmcos" ? "S3" : key.toUpperCase()}_${holder.toUpperCase()}`);
      // Of swift, the operator spells the address its own way, and fills in what nobody gives; the Config has what was given.
      const accountName = key === "azure" ? pod.setting("AZURE_ACCOUNTNAME") : undefined;
      return held === undefined ? {} : { [holder]: held, ...(accountName && { accountName }) };
    },
  };
}

/** One of them; the operator has its keys from the cluster. */
export function objectStore(key: Key, config: Pick<Configuration, Key>): Backend {
  return { name: key, storage: { [key]: config[key] } };
}
