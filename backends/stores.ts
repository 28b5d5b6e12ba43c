import type { V1Deployment, V1PodSpec } from "@kubernetes/client-node";
import {
  imageVolume,
  type PodStorage,
  type SeenPod,
  type Storage,
  type Store,
  type StoreKey,
} from "./backend";
import { claimStore } from "./claim";
import { emptyDirStore } from "./empty-dir";
import { objectStoreOf } from "./object-store";
import { s3Store } from "./s3";
import { identities } from "./store-names";

/** Every kind of store that the Config's CRD knows. */
const storeOf: { readonly [K in StoreKey]: Store<K> } = {
  emptyDir: emptyDirStore,
  pvc: claimStore,
  s3: s3Store,
  azure: objectStoreOf("azure"),
  gcs: objectStoreOf("gcs"),
  swift: objectStoreOf("swift"),
  oss: objectStoreOf("oss"),
  ibmcos: objectStoreOf("ibmcos"),
};
export const storeKeys = Object.keys(storeOf) as StoreKey[];
const stores: readonly Store[] = Object.values(storeOf);

/** The stores that a storage object holds; the operator serves only when there is exactly one. */
export function storesIn(storage: Storage | undefined): Store[] {
  return stores.filter(({ key }) => storage?.[key] !== undefined && storage[key] !== null);
}

export function storeKeysIn(storage: Storage | undefined): StoreKey[] {
  return storesIn(storage).map(({ key }) => key);
}

/** The stores on the cluster that the wanted storage has no place for. */
export function foreignStores(live: Storage | undefined, wanted: Storage): StoreKey[] {
  return storeKeysIn(live).filter((key) => wanted[key] === undefined);
}

/** One line for people: `emptyDir`, `pvc "image-registry-storage"`, `s3 bucket "images"`. */
export function describeStorage(storage: Storage): string {
  return (
    storesIn(storage)
      .map((store) => store.describe(valuesOf(storage, store)))
      .join(" and ") || "none"
  );
}

/** Whether two storage objects keep images in the same place. */
export function sameStore(one: Storage, other: Storage): boolean {
  const [ours, theirs] = [storesIn(one), storesIn(other)];
  return (
    ours.length === theirs.length &&
    ours.every((store) => theirs.includes(store) && sameIdentity(store, one, other))
  );
}

function sameIdentity(store: Store, one: Storage, other: Storage): boolean {
  const [ours, theirs] = [valuesOf(one, store), valuesOf(other, store)];
  const isKnown = (field: string) => ours[field] !== undefined && theirs[field] !== undefined;
  const { names, account } = identities[store.key];
  return [...names, ...account.filter(isKnown)].every(
    (field) => (ours[field] ?? "") === (theirs[field] ?? ""),
  );
}

/** A store as people write it in acceptImageLoss: `emptyDir`, `pvc images`, `azure images account`. */
export function nameOfStore(storage: Storage): string {
  return storesIn(storage)
    .map((store) => [store.key, ...distinctions(storage, store)].join(" "))
    .join(" and ");
}

function distinctions(storage: Storage, store: Store): unknown[] {
  const values = valuesOf(storage, store);
  const { names, account } = identities[store.key];
  const known = [...names, ...account].map((field) => values[field]);
  return known.filter((value) => value !== undefined && value !== "");
}

/** The storage with what is known of the same store from elsewhere, where it says less itself. */
export function completed(storage: Storage, elsewhere: Storage): Storage {
  const [store] = storesIn(storage);
  if (!store || !sameStore(storage, elsewhere)) return storage;
  const { names, account } = identities[store.key];
  const fields = [...names, ...account];
  const known = Object.entries(valuesOf(elsewhere, store)).filter(([field]) => fields.includes(field));
  return { [store.key]: { ...Object.fromEntries(known), ...valuesOf(storage, store) } };
}

/** What the storage says of the accounts that its stores are in. */
export function accountOf(storage: Storage): { key: StoreKey; field: string; value: unknown }[] {
  return storesIn(storage).flatMap((store) => {
    const values = valuesOf(storage, store);
    const known = identities[store.key].account.filter((field) => values[field] !== undefined);
    return known.map((field) => ({ key: store.key, field, value: values[field] }));
  });
}

/** Each store of the storage as a storage of its own. */
export function oneByOne(storage: Storage | undefined): Storage[] {
  return storesIn(storage).map((store) => ({ [store.key]: storage?.[store.key] }));
}

function valuesOf(storage: Storage, { key }: Store): Record<string, unknown> {
  return { ...storage[key] };
}

/**
 * The storage that the registry's pods really use, read off the Deployment: spec says what is wanted and status
 * what was last reported, but images are where the pods write them.
 */
export function storageInUse(deployment: V1Deployment | undefined): Storage | undefined {
  return storageInPod(deployment?.spec?.template.spec);
}

/** The same of one pod. */
export function storageInPod(pod: V1PodSpec | undefined): Storage | undefined {
  if (!pod) return undefined;
  const env = new Map(pod.containers[0]?.env?.map(({ name, value }) => [name, value]));
  const seen: SeenPod = {
    volume: pod.volumes?.find(({ name }) => name === imageVolume),
    driver: env.get("REGISTRY_STORAGE"),
    // The operator writes values as YAML, so a bucket of digits comes in quotes.
    setting: (name) => env.get(`REGISTRY_STORAGE_${name}`)?.replace(/^"(.*)"$/, "$1"),
  };
  for (const store of stores) {
    const found = store.inUse(seen);
    if (found) return { [store.key]: found };
  }
  return undefined;
}

/** What a pod needs to use the storage, where the stack runs the pods itself; undefined where it cannot. */
export function podStorage(storage: Storage): PodStorage | undefined {
  const [store, ...more] = storesIn(storage);
  return store && more.length === 0 ? store.forPod?.(valuesOf(storage, store)) : undefined;
}
