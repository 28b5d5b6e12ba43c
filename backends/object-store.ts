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

/** The object stores that differ for this program in nothing but their names: their fields go to the operator as given. */
export const objectStores = (Object.keys(holders) as Key[]).map((key) => storeOf(key));

function storeOf(key: Key): Store<Key> {
  const holder = holders[key];
  return {
    key,
    identity: [holder],
    describe: (asked) => `${key} ${holder} "${(asked as Record<string, string | undefined>)[holder] ?? ""}"`,
    inUse: (pod) => {
      const isThis = key === "ibmcos" ? isIbm(pod) : pod.driver === key;
      if (!isThis) return undefined;
      const held = pod.setting(`${key === "ibmcos" ? "S3" : key.toUpperCase()}_${holder.toUpperCase()}`);
      return held === undefined ? {} : { [holder]: held };
    },
  };
}

/** One of them; the operator has its keys from the cluster. */
export function objectStore(key: Key, config: Pick<Configuration, Key>): Backend {
  return { name: key, storage: { [key]: config[key] } };
}
