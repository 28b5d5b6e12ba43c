import { createHash } from "node:crypto";

/** A part of an image, by what a registry knows it as. */
export interface Blob {
  /** sha256:… */
  readonly digest: string;
  readonly mediaType: string;
  readonly content: Buffer;
}

/** An image of one layer, which is the same in every run, so that runs do not fill a store. */
export interface ProofImage {
  readonly manifest: Blob;
  readonly blobs: readonly Blob[];
}

const layerBytes = 1024 ** 2;

/** An OCI image (image-spec 1.1) for linux/amd64, of an archive of no files. */
export function proofImage(): ProofImage {
  const layer = blob("layer.v1.tar", Buffer.alloc(layerBytes));
  const config = blob("config.v1+json", {
    architecture: "amd64",
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: [layer.digest] },
  });
  const [described, ...layers] = [config, layer].map(({ digest, mediaType, content }) => ({
    mediaType,
    digest,
    size: content.length,
  }));
  const mediaType = mediaTypeOf("manifest.v1+json");
  const manifest = blob("manifest.v1+json", { schemaVersion: 2, mediaType, config: described, layers });
  return { manifest, blobs: [config, layer] };
}

export function digestOf(content: Buffer): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

function blob(kind: string, content: Buffer | object): Blob {
  const data = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
  return { digest: digestOf(data), mediaType: mediaTypeOf(kind), content: data };
}

function mediaTypeOf(kind: string): string {
  return `application/vnd.oci.image.${kind}`;
}
