import type { Configuration } from "../config/schema";
import type { Backend, Store } from "./backend";
import { isIbm } from "./s3";
import { identities } from "./store-names";

const keys = ["azure", "gcs", "swift", "oss", "ibmcos"] as const;
type Key = (typeof keys)[number];

/** The object stores that differ for this program in nothing but their names: their fields go to the operator as given. */
export const objectStores = keys.map((key) => storeOf(key));

function storeOf(key: Key): Store<Key> {
  const {
    names: [holder = ""],
    account,
  } = identities[key];
  return {
    key,
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
