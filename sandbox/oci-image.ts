import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";

import { execute } from "./machines/execute";

/** What becomes an image: files on this machine by their path in the image, one record per layer, and how to run it. */
export interface ImageContent {
  readonly layers: readonly Readonly<Record<string, string>>[];
  readonly entrypoint?: readonly string[];
  /** Number of the user that runs it. @default root */
  readonly user?: number;
}

const mediaType = (kind: string) => `application/vnd.oci.image.${kind}`;

/**
 * Writes an image as a folder in OCI's image layout, and returns its digest. Files become root's, readable and
 * executable by all. `name` is what `ctr images import` calls it.
 */
export async function writeImage(folder: string, content: ImageContent, name?: string): Promise<string> {
  const blobs = path.join(folder, "blobs", "sha256");
  mkdirSync(blobs, { recursive: true });
  const blob = (kind: string, data: Buffer | string) => {
    const digest = createHash("sha256").update(data).digest("hex");
    writeFileSync(path.join(blobs, digest), data);
    return {
      mediaType: mediaType(kind),
      digest: `sha256:${digest}`,
      size: Buffer.byteLength(data),
    };
  };
  const layers = [];
  for (const files of content.layers) layers.push(blob("layer.v1.tar", await archive(folder, files)));
  const config = blob(
    "config.v1+json",
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      config: { Entrypoint: content.entrypoint, User: content.user?.toString() },
      rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
    }),
  );
  const text = { schemaVersion: 2, mediaType: mediaType("manifest.v1+json"), config, layers };
  const manifest = blob("manifest.v1+json", JSON.stringify(text));
  const annotations = name && { "io.containerd.image.name": name };
  const index = {
    schemaVersion: 2,
    mediaType: mediaType("index.v1+json"),
    manifests: [{ ...manifest, annotations }],
  };
  writeFileSync(path.join(folder, "index.json"), JSON.stringify(index));
  writeFileSync(path.join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  return manifest.digest;
}

/** The same content is the same archive, byte for byte, on every day. */
async function archive(folder: string, files: Readonly<Record<string, string>>): Promise<Buffer> {
  const root = path.join(folder, "layer");
  for (const [target, source] of Object.entries(files)) {
    const file = path.join(root, target);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, readFileSync(source));
  }
  const same = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--mode=a=rx,u+w"];
  const layer = path.join(folder, "layer.tar");
  await execute("tar", ["--create", `--file=${layer}`, `--directory=${root}`, ...same, "."]);
  const data = readFileSync(layer);
  for (const left of [root, layer]) rmSync(left, { recursive: true });
  return data;
}
