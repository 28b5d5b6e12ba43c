import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import { writeImage, type ImageContent } from "../../../sandbox/oci-image";

describe("an image made of files", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "oci-image-"));
  const file = path.join(folder, "program");
  const image = path.join(folder, "image");
  const content: ImageContent = {
    layers: [{ "bin/program": file }, { "etc/config": file }],
    entrypoint: ["/bin/program"],
  };
  const blob = (digest: string) => readFileSync(path.join(image, "blobs/sha256", digest.slice(7)));
  let digest: string;

  before(async () => {
    writeFileSync(file, "content");
    digest = await writeImage(image, content, "example.com/program:1");
  });
  after(() => rmSync(folder, { recursive: true }));

  it("names each part by its content", () => {
    const blobs = readdirSync(path.join(image, "blobs/sha256"));
    assert.equal(blobs.length, 4, "two layers, config and manifest");
    for (const name of blobs) {
      assert.equal(
        createHash("sha256")
          .update(blob(`sha256:${name}`))
          .digest("hex"),
        name,
      );
    }
  });

  it("leads from its name to its layers, with the files at their places as root's programs", () => {
    const index = JSON.parse(readFileSync(path.join(image, "index.json"), "utf8")) as {
      manifests: { digest: string; annotations: Record<string, string> }[];
    };
    assert.equal(index.manifests[0]!.digest, digest);
    assert.equal(index.manifests[0]!.annotations["io.containerd.image.name"], "example.com/program:1");
    const { layers } = JSON.parse(blob(digest).toString()) as { layers: { digest: string }[] };
    const listings = layers.map((layer) =>
      execFileSync("tar", ["--list", "--verbose", "--numeric-owner"], {
        input: blob(layer.digest),
      }).toString(),
    );
    assert.match(listings[0]!, /^-rwxr-xr-x 0\/0 .* \.\/bin\/program$/m);
    assert.match(listings[1]!, /^-rwxr-xr-x 0\/0 .* \.\/etc\/config$/m);
  });

  it("is the same image wherever the same files become one", async () => {
    assert.equal(await writeImage(path.join(folder, "again"), content), digest);
    writeFileSync(file, "other content");
    assert.notEqual(await writeImage(path.join(folder, "other"), content), digest);
  });
});
