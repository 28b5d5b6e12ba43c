import assert from "node:assert/strict";

import { holdName } from "../../images/hold";
import { moverName } from "../../images/mover-job";
import { ClusterClient } from "../../kubernetes/client";
import { sleep } from "../../sandbox/wait";
import { StackUser } from "../acceptance/program/stack-user";
import { changes, preview, up, warnings } from "../support/engine";
import { exported, namespace, onKubelet } from "./kubelet-cluster";
import { must } from "./nfs-machines";
import { assertPulls, push, randomImage } from "./registry-machines";

const crane = "/opt/registry/crane";

describe("images in an emptyDir, when their registry gets its NFS volume, on a real kubelet", function () {
  const node = onKubelet(this);

  it("are all there, with every push that was acknowledged while they were copied, and are told of before", async () => {
    const { machines, cluster, stack, readyPod } = node();
    const { client, server } = machines;
    const user = new StackUser(cluster, namespace);
    await user.give("standalone.yaml");
    await user.give("copy-images-standalone.yaml");
    const own = await user.configuration();
    await up(stack({ ...own, backend: "emptyDir" }));
    const first = await readyPod();
    const old = `${first.status!.podIP}:5000`;

    const pushed = [await randomImage([1 << 20, 3 << 20]), await randomImage([1 << 20])];
    for (const [i, image] of pushed.entries()) await push(client, image, `${old}/shop/cart:${i}`);
    // A shared layer, several platforms, a tag that is gone, and an upload that was cut.
    await must(client, `${crane} copy --insecure ${old}/shop/cart:0 ${old}/shop/other:1`);
    await must(
      client,
      `${crane} index append --insecure -m ${old}/shop/cart:0 -m ${old}/shop/cart:1 -t ${old}/shop/cart:all`,
    );
    const index = await must(client, `${crane} digest --insecure ${old}/shop/cart:all`);
    const begin = "POST /v2/shop/cut/blobs/uploads/ HTTP/1.0\\r\\nContent-Length: 0\\r\\n\\r\\n";
    const begun = await must(client, `printf '${begin}' | timeout 10 nc -q 5 ${first.status!.podIP} 5000`);
    assert.match(begun, /202 Accepted/);

    const pushing = new Pushes(readyPodAddress);
    const loop = pushing.run();
    const moving = stack({ ...own, copyImages: true });
    try {
      const before = await preview(moving);
      assert.match(
        warnings(before),
        /will copy the images from emptyDir to claim image-registry-nfs .*: \d+ repositories, \d+ blobs, \d/,
      );
      await up(moving);
    } finally {
      pushing.isOver = true;
      await loop;
    }

    const second = await readyPod(first);
    const now = `${second.status!.podIP}:5000`;
    for (const image of pushed) await assertPulls(client, image, `${now}/shop/cart`);
    await assertPulls(client, pushed[0]!, `${now}/shop/other`);
    assert.equal(await must(client, `${crane} digest --insecure ${now}/shop/cart:all`), index);
    assert.ok(pushing.acknowledged.size > 2, `${pushing.acknowledged.size} pushes`);
    for (const [tag, digest] of pushing.acknowledged) {
      assert.equal(await must(client, `${crane} digest --insecure ${now}/loop/x:${tag}`), digest);
      await must(client, `${crane} validate --insecure --remote ${now}/loop/x@${digest}`);
    }
    assert.match(await must(server, `ls -a ${exported}`), /docker/);
    assert.doesNotMatch(await must(server, `ls -a ${exported}`), /\.image-registry-copy/);
    assert.deepEqual(changes(await preview(moving)), []);
    const { kubeconfig, context } = cluster;
    const left = new ClusterClient({ kubeconfig, context });
    assert.equal(await left.get("v1", "ConfigMap", holdName, namespace), undefined);
    assert.equal(await left.get("batch/v1", "Job", moverName, namespace), undefined);
    assert.doesNotMatch(await must(server, `find ${exported} -name _uploads`), /cut/);
  });

  async function readyPodAddress(): Promise<string> {
    const { status } = await node().readyPod();
    return `${status!.podIP}:5000`;
  }

  /** A client that pushes one image after the other, and notes those that the registry took. */
  class Pushes {
    isOver = false;
    readonly acknowledged = new Map<string, string>();

    constructor(private readonly address: () => Promise<string>) {}

    async run(): Promise<void> {
      for (let i = 0; !this.isOver; i++) {
        const to = `${await this.address()}/loop/x:${i}`;
        const { exitCode, stdout } = await node().machines.client.run(
          `cd /tmp && head -c 20000 /dev/urandom >x && tar -cf x.tar x &&
          timeout 20 ${crane} append --insecure --oci-empty-base --new_layer x.tar --new_tag ${to}`,
        );
        if (exitCode === 0) this.acknowledged.set(String(i), stdout.trim().split("@").at(-1) ?? "");
        await sleep(500);
      }
    }
  }
});
