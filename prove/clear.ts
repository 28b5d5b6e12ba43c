import type { KubernetesObject } from "@kubernetes/client-node";
import { UserError } from "../errors";
import type { ClusterClient } from "../kubernetes/client";
import type { ProofImage } from "./image";
import type { ProofRegistry } from "./registry";
import type { RegistryClient } from "./registry-client";

/** Takes the image away as far as the registry lets anybody, and says for people what stays. What fails here is only told. */
export async function clear(
  client: ClusterClient,
  registry: ProofRegistry,
  repository: RegistryClient,
  image: ProofImage,
): Promise<string[]> {
  const bytes = [image.manifest, ...image.blobs].reduce((sum, { content }) => sum + content.length, 0);
  const size = `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
  try {
    return await (registry.platform === "operator" ? imageStream() : manifest());
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [`what was pushed to ${registry.repository} (${size}): ${error.message}`];
  }

  async function imageStream(): Promise<string[]> {
    const { name, namespace } = registry;
    const found = await client.get<KubernetesObject>("image.openshift.io/v1", "ImageStream", name, namespace);
    if (!found) return [];
    await client.delete(found);
    return [
      `Image ${image.manifest.digest} and its ${size} in the store, until the image pruner takes them; another proof adds nothing`,
    ];
  }

  async function manifest(): Promise<string[]> {
    const removed = await repository.remove(image);
    return [
      removed
        ? `the blobs of ${registry.repository} (${size} in the store), until the registry's garbage is collected; another proof adds nothing`
        : `${registry.repository}:${registry.tag} (${size} in the store): the registry is not set up to delete; another proof adds nothing`,
    ];
  }
}
