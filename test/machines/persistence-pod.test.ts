import assert from "node:assert/strict";

import { destroy, up } from "../support/engine";
import { exported, namespace, onKubelet } from "./kubelet-cluster";
import { must } from "./nfs-machines";
import { assertPulls, push, randomImage } from "./registry-machines";

describe("a standalone registry's pod, on a real kubelet", function () {
  const node = onKubelet(this);

  it("serves what was pushed to it from the export, after it was deleted and another came", async () => {
    const { api, machines, stack, readyPod } = node();
    await up(stack());
    const pushed = await randomImage([1 << 20, 3 << 20]);
    const first = await readyPod();
    await push(machines.client, pushed, `${first.status!.podIP}:5000/shop/cart:1`);

    await api.deleteNamespacedPod({ name: first.metadata!.name!, namespace });
    const second = await readyPod(first);
    const mounted = await must(machines.client, "findmnt --noheadings --types nfs4 --output SOURCE,OPTIONS");
    assert.match(mounted, /10\.97\.0\.10:\/srv\/standalone .*vers=4\.2,.*\bhard\b/);
    await assertPulls(machines.client, pushed, `${second.status!.podIP}:5000/shop/cart`);
  });

  it("leaves the images when it is taken down and all that the stack made is destroyed", async () => {
    const { api, machines, stack } = node();
    const { server } = machines;
    const images = `cd ${exported} && find . -type f -exec sha256sum {} + | sort`;
    const before = await must(server, images);
    assert.match(before, /docker\/registry\/v2\/blobs\/sha256/);
    await up(stack({ managementState: "Removed" }));
    await destroy(stack({ managementState: "Removed" }));
    assert.doesNotMatch(await must(server, "exportfs -s"), /\/srv\/standalone/);
    assert.deepEqual((await api.listPersistentVolume()).items, []);
    assert.equal(await must(server, images), before);
  });
});
