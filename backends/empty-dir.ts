import { type Backend, onFileSystem, type Store } from "./backend";

export const emptyDirStore: Store<"emptyDir"> = {
  key: "emptyDir",
  describe: () => "emptyDir",
  inUse: ({ volume }) => volume?.emptyDir && {},
  forPod: () => ({ volume: { emptyDir: {} }, environment: onFileSystem }),
};

/** In the pod itself, for non-prod. */
export function emptyDir(): Backend {
  return {
    name: "emptyDir",
    storage: { emptyDir: {} },
    advice: "images live as long as the pod: for images that stay, set backend to nfs, pvc or s3",
  };
}
