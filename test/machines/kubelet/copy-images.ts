import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { NetworkingV1Api, type V1Pod } from "@kubernetes/client-node";

import { connect } from "../../../sandbox/connect";
import { holdName, readHold } from "../../../images/hold";
import { moverName } from "../../../images/mover-job";
import { ClusterClient } from "../../../kubernetes/client";
import { prove } from "../../../prove/prove";
import { addressForPods } from "../../../sandbox/node/here";
import { configurationOf } from "../../../stack/configuration";
import { readStatus } from "../../../status/status";
import { StackUser } from "../../acceptance/program/stack-user";
import { changes, preview, up, warnings } from "../../support/engine";
import { Clients } from "./clients";
import { KubeletCluster, namespace } from "./cluster";
import { upUntil } from "./dying";

describe("images on a real kubelet", function () {
  this.timeout("10m");
  let cluster: KubeletCluster;
  let client: ClusterClient;
  /** By repository and tag: what was pushed before anything moved. */
  const digests = new Map<string, string>();
  let prover: Readonly<Record<string, string>>;

  before(async () => {
    cluster = await KubeletCluster.standalone();
    client = new ClusterClient(cluster.controlPlane);
    const user = new StackUser(cluster.controlPlane, namespace, "image-registry-prover");
    await user.give("prove-standalone.yaml");
    prover = await user.configuration();
    // As the operator of OpenShift's newest versions has one, which it puts back at once.
    const config = connect(cluster.controlPlane.kubeconfig);
    await config.makeApiClient(NetworkingV1Api).createNamespacedNetworkPolicy({
      namespace,
      body: { metadata: { name: "all" }, spec: { podSelector: {}, policyTypes: ["Ingress"], ingress: [{}] } },
    });
  });

  const addressOf = ({ status }: V1Pod) => `${status!.podIP}:5000`;
  const onEmptyDir = { backend: "emptyDir", acceptImageLoss: "emptyDir" };
  const onClaim = (claim: string) => ({ backend: "pvc", pvc: { claim }, copyImages: true });
  const proved = async (change: object) =>
    prove(await configurationOf("standalone", cluster.overlay({ ...change, ...prover })), console.error);

  it("are pushed to a registry on emptyDir, of which a proof says that it does not keep them", async () => {
    await up(cluster.stack(onEmptyDir));
    const at = addressOf(await cluster.readyPod());
    cluster.must(`cd ${cluster.directory}
      for i in 0 1 2; do
        head -c 5000000 /dev/urandom >x$i && tar -cf x$i.tar x$i
        crane append --insecure --oci-empty-base -f x$i.tar -t ${at}/shop/cart:$i
      done
      crane copy --insecure ${at}/shop/cart:0 ${at}/shop/other:1
      crane index append --insecure -m ${at}/shop/cart:0 -m ${at}/shop/cart:1 -t ${at}/shop/cart:all
      crane copy --insecure ${at}/shop/cart:0 ${at}/shop/gone:1
      rm -r ${cluster.directory}/node/kubelet/pods/*/volumes/*/*/docker/registry/v2/repositories/shop/gone/_manifests/tags/1
      printf 'POST /v2/shop/cut/blobs/uploads/ HTTP/1.0\\r\\nContent-Length: 0\\r\\n\\r\\n' |
        timeout 5 busybox nc ${at.replace(":", " ")} | grep 202`);
    for (const name of ["shop/cart:0", "shop/cart:1", "shop/cart:all", "shop/other:1"])
      digests.set(name, cluster.must(`crane digest --insecure ${at}/${name}`));
    assert.equal((await proved(onEmptyDir)).problem?.kind, "emptyDir");
  });

  it("stay where they are when the up dies while pushes are held, which is told, and which the next one ends", async () => {
    await cluster.claim("images");
    const first = await cluster.readyPod();
    const moving = cluster.stack(onClaim("images"));
    const held = () => readHold(client, namespace);
    await upUntil(cluster, onClaim("images"), held);

    const status = await readStatus(await configurationOf("standalone", moving.overlay));
    assert.match(status.waitingFor.join("\n"), /pushes to emptyDir are held since/);
    assert.match(
      warnings(await preview(moving)),
      /pushes to emptyDir are held since .*the next up takes it away/,
    );
    assert.match(warnings(await up(cluster.stack(onEmptyDir))), /lifted the hold on pushes that an up left/);
    assert.equal(await held(), undefined);
    const again = await cluster.readyPod();
    assert.equal(again.metadata!.uid, first.metadata!.uid);
    cluster.must(`crane tag --insecure ${addressOf(again)}/shop/cart:0 tagged`);
  });

  for (const [from, to] of [
    ["emptyDir", "images"],
    ["a claim", "others"],
  ] as const)
    it(`are all on the new claim, from ${from}, with every push that was acknowledged while they moved; pulls go on`, async () => {
      const former = await cluster.readyPod();
      const folder = to === "images" ? `${cluster.directory}/volumes/images` : await cluster.claim(to);
      const clients = new Clients(cluster, "shop/cart:all");
      const moving = cluster.stack(onClaim(to));
      const before = warnings(await preview(moving));
      assert.match(before, /will copy the images from .* to claim .*: \d+ repositories, \d+ blobs, \d/);
      const done = await up(moving).finally(() => clients.stop());
      assert.doesNotMatch(warnings(done), /protected from writing/);

      const at = addressOf(await cluster.readyPod(former));
      assert.match(cluster.run(`crane digest --insecure ${at}/shop/gone:1`).stderr, /MANIFEST_UNKNOWN/);
      for (const [name, digest] of [...digests, ...clients.acknowledged]) {
        assert.equal(cluster.must(`crane digest --insecure ${at}/${name}`), digest, name);
        cluster.must(`crane validate --insecure --remote ${at}/${name}`);
      }
      assert.ok(clients.acknowledged.size > 2, `${clients.acknowledged.size} pushes`);
      assert.ok(clients.refused > 0, "no push was held");
      assert.deepEqual(clients.failedPulls, []);
      assert.deepEqual(readdirSync(folder), ["docker"]);
      assert.doesNotMatch(cluster.must(`find ${folder} -name _uploads`), /cut/);
      assert.equal(await client.get("v1", "ConfigMap", holdName, namespace), undefined);
      assert.equal(await client.get("batch/v1", "Job", moverName, namespace), undefined);
      assert.deepEqual(changes(await preview(moving)), []);
      // A tag that moves writes over its link.
      cluster.must(`crane tag --insecure ${at}/shop/cart:1 tagged`);
    });

  it("can be written again to the claim that was left", () => {
    assert.ok(statSync(`${cluster.directory}/volumes/images/docker/registry/v2/blobs/sha256`).mode & 0o200);
  });

  it("are proved to be kept, until the directory is one that the registry may not write to", async () => {
    const here = onClaim("others");
    const { keeps, problem, steps } = await proved(here);
    assert.deepEqual([keeps, problem], [true, undefined]);
    assert.match(
      steps.map(({ did }) => did).join("\n"),
      /push[^]*read it back[^]*delete pod[^]*read it back/,
    );
    const folder = `${cluster.directory}/volumes/others`;
    cluster.must(`chmod -R a-w ${folder}`);
    const foreign = await proved(here);
    cluster.must(`chmod -R u+w ${folder}`);
    assert.equal(foreign.problem?.kind, "cannot write");
    assert.match(foreign.problem.message, /permission denied[^]*owner or mode/);
  });

  it("are not said to be kept by a store that is full", async () => {
    const folder = `${cluster.directory}/volumes/others`;
    cluster.must(`mount -t tmpfs -o size=512k,mode=777 small ${folder}`);
    await cluster.replacePod();
    const full = await proved(onClaim("others"));
    cluster.must(`umount ${folder}`);
    await cluster.replacePod();
    assert.equal(full.problem?.kind, "cannot write");
    assert.match(full.problem.message, /no space left on device[^]*storage is full/);
  });

  it("are not said to be kept by an object store that does not do what it is asked", async () => {
    // As NooBaa does where it is to encrypt: what is read is not there yet, and nothing can be written.
    const empty = "<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>";
    const refusal = "<Error><Code>NotImplemented</Code><Message>no encryption here</Message></Error>";
    const store = createServer((request, response) => {
      const isRead = request.method === "GET";
      request.resume();
      response.writeHead(isRead ? 200 : 501, { "content-type": "application/xml" });
      response.end(isRead ? empty : refusal);
    }).listen(0);
    await once(store, "listening");
    const { port } = store.address() as AddressInfo;
    const onStore = {
      backend: "s3",
      s3: { bucket: "images", region: "us-east-1", regionEndpoint: `http://${addressForPods}:${port}` },
      s3AccessKey: "key-of-the-test",
      s3SecretKey: "secret-of-the-test",
      acceptImageLoss: "pvc others",
    };
    await up(cluster.stack(onStore));
    const { problem } = await proved(onStore);
    store.close();
    assert.equal(problem?.kind, "cannot write");
    assert.match(problem.message, /does not do what the registry asks of it \(501\)/);
  });
});
