import assert from "node:assert/strict";

import { prove } from "../../prove/prove";
import { configurationOf } from "../../stack/configuration";
import { StackUser } from "../acceptance/program/stack-user";
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

  it("is proved to keep what is pushed to it, by a user with the rights of access/prove-standalone.yaml", async () => {
    const { keeps, problem, steps, leftBehind } = await prove(await proverConfiguration(), console.error);
    assert.equal(problem, undefined);
    assert.ok(keeps);
    assert.match(
      steps.map(({ did }) => did).join("\n"),
      /push[^]*read it back[^]*delete pod[^]*read it back/,
    );
    assert.match(leftBehind.join(), /image-registry-proof/);
  });

  it("is found not to be able to write once its export's directory is somebody else's", async () => {
    const { server } = node().machines;
    await must(server, `chmod -R a-w ${exported}`);
    const { problem } = await prove(await proverConfiguration(), console.error);
    await must(server, `chmod -R u+w ${exported}`);
    assert.equal(problem?.kind, "cannot write");
    assert.match(problem.message, /permission denied[^]*owner or mode/);
  });

  async function proverConfiguration() {
    const user = new StackUser(node().cluster, namespace, "image-registry-prover");
    await user.give("prove-standalone.yaml");
    return configurationOf("standalone", { ...node().stack().overlay, ...(await user.configuration()) });
  }

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
