import assert from "node:assert/strict";

import { networksOf } from "../../sandbox/machines";
import { clientNetworks, converge, exportPath, must, onMachines, serverSpec } from "./nfs-machines";
import {
  assertPulls,
  installRegistry,
  killRegistry,
  push,
  randomImage,
  removeRegistry,
  startRegistry,
  stopRegistry,
} from "./registry-machines";

const repository = "localhost:5000/shop/cart";
const megabyte = 1024 ** 2;

describe("images pushed to a registry on the export", function () {
  const machines = onMachines(this, "server", "client", "outsider");
  let ready = false;
  const both = () => [machines().client, machines().outsider];

  before("two machines may run the registry", async () => {
    const clients = [...clientNetworks, ...Object.values(networksOf("outsider"))];
    await converge(machines().server, serverSpec({}, { clients }));
    await Promise.all(both().map(installRegistry));
    ready = true;
  });
  afterEach(() => Promise.all(both().map(stopRegistry)));
  after(async () => {
    if (!ready) return; // skipped
    await Promise.all(both().map(removeRegistry));
    await converge(machines().server);
    await must(machines().server, `rm -rf ${exportPath}/docker`);
  });

  it("are pulled byte for byte on another machine, after the registry they were pushed to was killed", async () => {
    const { client, outsider } = machines();
    const image = await randomImage([megabyte, 3 * megabyte]);
    await startRegistry(client);
    await push(client, image, `${repository}:1`);
    await killRegistry(client);

    await startRegistry(outsider);
    assert.equal(await must(outsider, `/opt/registry/crane digest ${repository}:1`), image.digest);
    await assertPulls(outsider, image, repository);
  });

  it("are not hurt by a push that ends with the registry, and that push can be made again", async () => {
    const { client, outsider } = machines();
    const [kept, cut] = [await randomImage([megabyte]), await randomImage([32 * megabyte])];
    await startRegistry(outsider);
    await push(outsider, kept, `${repository}:kept`);

    await outsider.put(cut.folder, "/opt/image");
    const pushing = outsider.run(`/opt/registry/crane push /opt/image ${repository}-cut:1`);
    const half = "find /mnt/docker/registry/v2/repositories/shop/cart-cut/_uploads -name data -size +1M";
    await killRegistry(outsider, `until ${half} 2>&1 | grep --quiet /data; do sleep 0.05; done`);
    assert.notEqual((await pushing).exitCode, 0, "the push had not come to its end");

    await startRegistry(client);
    assert.match((await client.run(`/opt/registry/crane digest ${repository}-cut:1`)).stderr, /UNKNOWN/);
    await assertPulls(client, kept, repository);
    await push(client, cut, `${repository}-cut:1`);
    await assertPulls(client, cut, `${repository}-cut`);
  });

  it("arrive although the NFS server reboots meanwhile", async () => {
    const { server, client } = machines();
    const image = await randomImage([megabyte, megabyte]);
    await startRegistry(client);
    const gone = must(client, "timeout 300 sh -c 'while nc -z -w 5 10.97.0.10 2049; do :; done'");
    const reboot = server.reboot();
    await gone;
    await push(client, image, `${repository}:2`);
    await reboot;
    await must(client, "echo 3 >/proc/sys/vm/drop_caches");
    await assertPulls(client, image, repository);
  });
});
