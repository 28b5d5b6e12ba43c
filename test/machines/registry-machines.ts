import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

import type { Machine } from "../../sandbox/machines";
import { writeImage } from "../../sandbox/oci-image";
import { buildRegistry, registryFiles } from "../../sandbox/registry";
import { exportPath, must, unmount } from "./nfs-machines";

/** What is pushed and pulled: an image in a folder, by the digest of its manifest and the hash of each of its blobs. */
export interface TestImage {
  readonly folder: string;
  readonly digest: string;
  readonly blobs: readonly string[];
}

/** An image whose layers are random, so that nothing can serve them that did not keep them. */
export async function randomImage(layerBytes: readonly number[]): Promise<TestImage> {
  const parent = mkdtempSync(path.join(tmpdir(), "random-image-"));
  const layers = layerBytes.map((bytes, i) => {
    const file = path.join(parent, `layer-${i}`);
    writeFileSync(file, randomBytes(bytes));
    return { [`data/${i}`]: file };
  });
  const folder = path.join(parent, "image");
  const digest = await writeImage(folder, { layers });
  after(() => rmSync(parent, { recursive: true }));
  const blobs = path.join(folder, "blobs/sha256");
  const sums = readdirSync(blobs).map((name) => {
    const sum = createHash("sha256")
      .update(readFileSync(path.join(blobs, name)))
      .digest("hex");
    return `${sum}  ${name}`;
  });
  return { folder, digest, blobs: sums.sort() };
}

/** Gives a machine the registry and crane, its client. */
export async function installRegistry(machine: Machine): Promise<void> {
  await machine.put(await buildRegistry({ log: console.error }), "/opt/registry");
  await machine.put(registryFiles, "/");
}

/** Starts a registry on the export, as a user whom neither machine knows: OpenShift's pods run as such. */
export async function startRegistry(machine: Machine): Promise<void> {
  await must(
    machine,
    `mountpoint -q /mnt || timeout 120 mount -t nfs -o nfsvers=4.2,hard 10.97.0.10:${exportPath} /mnt || exit
    systemd-run --quiet --collect --unit=registry \
      -E REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=/mnt -E OTEL_TRACES_EXPORTER=none \
      setpriv --reuid=1000620000 --regid=0 --clear-groups /opt/registry/registry serve /etc/distribution/config.yml
    until nc -z 127.0.0.1 5000; do
      systemctl is-active --quiet registry || { journalctl --unit=registry --lines=20 --no-pager; exit 1; }
      sleep 0.2
    done`,
  );
}

/** Ends it as a crash would, without a word, in the moment that a command of the machine waits for. */
export async function killRegistry(machine: Machine, moment = "true"): Promise<void> {
  await must(
    machine,
    `${moment}
    systemctl kill --signal=KILL registry
    while nc -z 127.0.0.1 5000; do sleep 0.2; done`,
  );
}

export async function push(machine: Machine, image: TestImage, to: string): Promise<void> {
  await machine.put(image.folder, "/opt/image");
  await must(machine, `/opt/registry/crane push /opt/image ${to} && rm -r /opt/image`);
}

/** Pulls by digest, and sees that every blob arrives as it was pushed. */
export async function assertPulls(machine: Machine, image: TestImage, from: string): Promise<void> {
  const pull = `/opt/registry/crane pull --format=oci ${from}@${image.digest} /opt/pulled`;
  const sums = await must(
    machine,
    `${pull} && cd /opt/pulled/blobs/sha256 && sha256sum * && rm -r /opt/pulled`,
  );
  assert.deepEqual(sums.split("\n").sort(), image.blobs);
}

/** Ends it, where it runs, and lets go of the export. */
export async function stopRegistry(machine: Machine): Promise<void> {
  await machine.run("systemctl kill --signal=KILL registry");
  await unmount(machine);
}

/** Leaves a machine as it was for the tests of other files. */
export async function removeRegistry(machine: Machine): Promise<void> {
  await must(machine, "rm -rf /opt/registry /opt/image /opt/pulled /etc/distribution");
}
