import type { Configuration } from "../config/schema";
import type { Backend, Store } from "./backend";
import { isIbm } from "./s3";
import { identities, type ObjectStoreKey } from "./store-names";

/** The object stores that differ for this program in nothing but their names: their fields go to the operator as given. */
export function objectStoreOf<K extends ObjectStoreKey>(key: K): Store<K> {
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
export function objectStore(key: ObjectStoreKey, config: Pick<Configuration, ObjectStoreKey>): Backend {
  return { name: key, storage: { [key]: config[key] } };
}
