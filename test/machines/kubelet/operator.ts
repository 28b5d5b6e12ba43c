import assert from "node:assert/strict";

import type { V1Pod } from "@kubernetes/client-node";

import { holdName, readHold } from "../../../images/hold";
import { moverName } from "../../../images/mover-job";
import { ClusterClient } from "../../../kubernetes/client";
import { registryApi, registryName, type RegistryConfig } from "../../../platforms/operator/registry";
import { prove } from "../../../prove/prove";
import { Cluster } from "../../../sandbox/operator/cluster";
import { namespace } from "../../../sandbox/operator/model";
import { watch, type Watched } from "../../../sandbox/operator/watch";
import { configurationOf } from "../../../stack/configuration";
import { readStatus } from "../../../status/status";
import { StackUser } from "../../acceptance/program/stack-user";
import { changes, failure, preview, up, warnings } from "../../support/engine";
import { Clients } from "./clients";
import { KubeletCluster } from "./cluster";
import { upUntil } from "./dying";

/** The operator is a stand-in; what it deploys, moves and serves is as real as the kubelet. */
describe("images on a real kubelet, of a registry that has an operator", function () {
  this.timeout("10m");
  let cluster: Awaited<ReturnType<typeof KubeletCluster.operator>>;
  let client: ClusterClient;
  /** The backends that the Config had, at each of its changes. */
  const backends = new Set<string>();
  let watched: Watched<RegistryConfig>;
  const digests = new Map<string, string>();

  before(async () => {
    cluster = await KubeletCluster.operator();
    client = new ClusterClient(cluster.controlPlane);
    const configs = { apiVersion: registryApi, kind: "Config", plural: "configs" };
    watched = watch<RegistryConfig>(new Cluster(cluster.controlPlane.kubeconfig), configs, () => {
      const stores = Object.keys(watched.cache.get(registryName)?.spec.storage ?? {});
      backends.add(stores.filter((key) => key !== "managementState").join(" and "));
    });
  });
  after(() => watched?.stop());

  const addressOf = ({ status }: V1Pod) => `${status!.podIP}:5000`;
  const onClaim = (claim: string) => ({ backend: "pvc", pvc: { claim }, copyImages: true });
  const held = () => readHold(client, namespace);
  const config = async () => (await client.get<RegistryConfig>(registryApi, "Config", registryName))!;

  it("are pushed to it on emptyDir", async () => {
    await up(cluster.stack({ backend: "emptyDir" }));
    const at = addressOf(await cluster.readyPod());
    cluster.must(`cd ${cluster.directory}
      head -c 5000000 /dev/urandom >o && tar -cf o.tar o
      crane append --insecure --oci-empty-base -f o.tar -t ${at}/shop/cart:1
      crane index append --insecure -m ${at}/shop/cart:1 -t ${at}/shop/cart:all`);
    for (const name of ["shop/cart:1", "shop/cart:all"])
      digests.set(name, cluster.must(`crane digest --insecure ${at}/${name}`));
  });

  it("stay, and nothing is touched, where the rights to copy them are missing", async () => {
    await cluster.claim("openshift");
    const moving = cluster.stack(onClaim("openshift"));
    const missing =
      /needs rights that this user does not have \(create jobs, .*delete configmaps image-registry-hold\)/;
    assert.match(warnings(await preview(moving)), missing);
    const { metadata } = await config();
    const { message, result } = await failure(up(moving));
    assert.match(message, missing);
    assert.deepEqual(changes(result), []);
    assert.equal((await config()).metadata?.generation, metadata?.generation);
    await cluster.user.give("copy-images.yaml");
  });

  it("move with one write, also when the up is killed before, in and after it, with every push that was acknowledged", async () => {
    const moving = cluster.stack(onClaim("openshift"));
    const former = await cluster.readyPod();
    const before = warnings(await preview(moving));
    assert.match(
      before,
      /will copy the images from emptyDir to claim openshift.*: 1 repositories, \d+ blobs, \d/,
    );
    const clients = new Clients(cluster, "shop/cart:all");
    try {
      await upUntil(cluster, onClaim("openshift"), () => client.get("batch/v1", "Job", moverName, namespace));
      assert.equal((await cluster.readyPod()).metadata?.uid, former.metadata?.uid);
      await upUntil(cluster, onClaim("openshift"), held);
      const status = await readStatus(await configurationOf("dev", moving.overlay));
      assert.match(status.waitingFor.join("\n"), /pushes to emptyDir are held since/);
      assert.match(
        warnings(await preview(moving)),
        /pushes to emptyDir are held since .*the next up takes it away/,
      );
      assert.ok(!backends.has("pvc"));
      await upUntil(cluster, onClaim("openshift"), async () => (await config()).spec.storage?.pvc);
      assert.ok(await held());
      await up(moving);
    } finally {
      await clients.stop();
    }
    assert.deepEqual([...backends], ["", "emptyDir", "pvc"]);
    const at = addressOf(await cluster.readyPod(former));
    for (const [name, digest] of [...digests, ...clients.acknowledged]) {
      assert.equal(cluster.must(`crane digest --insecure ${at}/${name}`), digest, name);
      cluster.must(`crane validate --insecure --remote ${at}/${name}`);
    }
    assert.ok(clients.acknowledged.size > 2, `${clients.acknowledged.size} pushes`);
    assert.deepEqual(clients.failedPulls, []);
    assert.equal(await held(), undefined);
    assert.equal(await client.get("batch/v1", "Job", moverName, namespace), undefined);
  });

  it("can be pushed again at once where the API server refuses the switch for good", async () => {
    await cluster.claim("refused");
    await cluster.refuseClaim("refused");
    const former = await cluster.readyPod();
    const { message, result } = await failure(up(cluster.stack(onClaim("refused"))));
    assert.match(message, /not this claim/);
    assert.match(warnings(result), /lifted the hold on pushes of this up, whose switch was refused/);
    assert.equal(await held(), undefined);
    const now = await cluster.readyPod();
    assert.equal(now.metadata?.uid, former.metadata?.uid);
    cluster.must(`crane tag --insecure ${addressOf(now)}/shop/cart:1 tagged`);
  });

  it("move in an order that is read from the API server: mover, hold, no mover, switch, no hold", async () => {
    await cluster.claim("second");
    const count = cluster.user.writes().length;
    await up(cluster.stack(onClaim("second")));
    const writes = cluster.user.writes().slice(count);
    assert.deepEqual(
      writes.filter((write) => /jobs|configs|configmaps/.test(write)),
      [
        "create jobs",
        "create configmaps",
        "delete jobs",
        "patch configs",
        // The claim that was left is given back the right to write.
        "create jobs",
        "delete jobs",
        "delete configmaps",
      ],
    );
    assert.equal(await client.get("v1", "ConfigMap", holdName, namespace), undefined);
  });

  it("are proved to be kept, by a token, and nothing changes once the rights to copy are taken away", async () => {
    await cluster.user.take("copy-images.yaml");
    const here = cluster.stack(onClaim("second"));
    assert.deepEqual(changes(await preview(here)), []);
    const user = new StackUser(cluster.controlPlane, namespace, "image-registry-prover");
    await user.give("prove.yaml");
    const overlay = { ...here.overlay, ...(await user.configuration()) };
    const { keeps, problem } = await prove(await configurationOf("dev", overlay), console.error);
    assert.deepEqual([keeps, problem], [true, undefined]);
  });
});
