import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import * as path from "node:path";
import { startControlPlane } from "../../../sandbox/control-plane";
import { changes, destroy, failure, preview, up } from "../../support/engine";
import { startSandbox } from "../../../sandbox/start";
import { testCluster, TestCluster } from "./harness";
import { type Kind, Objects } from "./objects";
import { s3Secret } from "../../../backends/s3";
import { acceptImageLoss, assertImpossible, nfs, nfsClaim } from "./runs";
import { StackUser } from "./stack-user";

const placement = { infra: true };
const pruner = { schedule: "0 3 * * *" };
const removed = { managementState: "Removed" };
const s3 = {
  backend: "s3",
  s3: { bucket: "images", region: "us-east-1" },
  s3AccessKey: "an-access-key",
  s3SecretKey: "a-secret-key",
};
/** What an administrator's preview sees besides, and a stack's own user does without. */
const lookedFurther = /^list pods \*$|^get nodes \S+$/;
const watches = (kinds: string[]) => kinds.flatMap((kind) => [`list ${kind} *`, `watch ${kind} *`]);

describe("on a cluster with the registry's operator,", function () {
  this.timeout("3m");
  const namespace = "openshift-image-registry";
  const cluster = testCluster((options) => startSandbox({ ...options, isAudited: true }));

  describe("access/preview.yaml", () => {
    const overlay = { ...nfs, placement, pruner };
    let user: StackUser;
    let own: { kubeconfig: string; context: string };
    const run = () => cluster.stack("prod", { ...overlay, ...own });

    before(async () => {
      user = new StackUser(cluster.controlPlane, namespace, "image-registry-preview");
      await cluster.fresh();
      await user.give("preview.yaml");
      own = await user.configuration();
    });

    it("is enough to preview a first up, one with nothing to do, and one with much to mend", async () => {
      const asked = changes(await preview(run()));
      assert.ok(asked.includes("create registry") && asked.includes("create storage-claim"));
      await up(cluster.stack("prod", overlay));
      assert.deepEqual(
        changes(await preview(run())),
        ["update cluster"],
        "the provider has another kubeconfig",
      );
      await cluster.patch("Config", "cluster", { spec: { replicas: 1, storage: { emptyDir: {} } } });
      const { steps, diagnostics } = await preview(run());
      assert.ok(steps.some(({ op, name }) => op === "update" && name === "registry"));
      assert.match(diagnostics.map(({ message }) => message).join("\n"), /will evict emptyDir/);
    });

    it("grants nothing but to look", () => {
      const verbs = [...user.granted()].map((right) => right.split(" ")[0]!);
      assert.deepEqual([...new Set(verbs)].sort(), ["get", "list"]);
      const refused = user.used().refused.filter((request) => !lookedFurther.test(request));
      const writes = refused.filter((request) => !request.startsWith("patch "));
      assert.deepEqual(writes, [], "dry runs are refused, and then done without");
    });

    it("refuses an up", async () => {
      const { message } = await failure(up(run()));
      assert.match(message, /is forbidden/);
    });
  });

  describe("access/operator.yaml", () => {
    const stack = (overlay: Record<string, unknown> = {}) =>
      cluster.stack("prod", { ...own, ...nfs, acceptImageLoss, ...overlay });
    let user: StackUser;
    let own: { kubeconfig: string; context: string };

    before(async () => {
      user = new StackUser(cluster.controlPlane, namespace);
      await cluster.fresh();
      await user.give("operator.yaml");
      own = await user.configuration();
    });

    it("lets a stack make a registry, change it, mend what was changed by hand, and let go of it", async () => {
      const run = stack({ placement, pruner });
      await up(run);
      assert.deepEqual(changes(await preview(run)), []);
      await cluster.patch("Config", "cluster", { spec: { replicas: 1, storage: { emptyDir: {} } } });
      await up(run);
      const { replicas, storage } = (await cluster.config()).spec;
      assert.deepEqual([replicas, Object.keys(storage ?? {}).sort()], [2, ["managementState", "pvc"]]);
      await destroy(run);
    });

    it("lets it make volume and claim anew", async () => {
      await up(stack({ ...removed, placement, pruner }));
      await cluster.delete("PersistentVolumeClaim", nfsClaim);
      await up(stack({ placement, pruner }));
    });

    it("does not let it label nodes, nor read or write the keys of s3: the error says which right is missing", async () => {
      const nodes = await failure(up(stack({ placement: { ...placement, nodes: ["infra-0"] } })));
      assert.match(nodes.message, /nodes "infra-0" is forbidden: .* cannot (get|patch) resource "nodes"/);
      const keys = await failure(up(stack(s3)));
      assert.match(keys.message, /image-registry-private-configuration-user" is forbidden/);
    });

    it("with nodes.yaml and s3.yaml does, and takes the keys down with the registry that used them", async () => {
      for (const file of ["nodes.yaml", "s3.yaml"]) await user.give(file);
      await up(stack({ ...s3, placement: { ...placement, nodes: ["infra-0", "infra-1"] } }));
      for (const overlay of [{ ...s3, ...removed }, removed]) {
        assert.ok(await cluster.get("Secret", s3Secret.name));
        await up(stack(overlay));
        assert.equal(await cluster.get("Secret", s3Secret.name), undefined);
        await up(stack(s3));
      }
      assert.equal((await cluster.get("PersistentVolume", nfsClaim))?.status?.phase, "Bound");
    });

    it("leaves the keys of s3 where they are used, when the stack of a live registry is destroyed", async () => {
      await destroy(stack(s3));
      assert.ok(await cluster.get("Secret", s3Secret.name));
      await up(stack({ ...s3, ...removed }));
      assert.equal(await cluster.get("Secret", s3Secret.name), undefined);
      await destroy(stack({ ...s3, ...removed }));
    });

    it("with claim.yaml makes a claim of a storage class", async () => {
      await user.give("claim.yaml");
      const name = "image-registry-storage";
      await cluster.create("StorageClass", "shared", {
        provisioner: "kubernetes.io/no-provisioner",
        reclaimPolicy: "Retain",
      });
      const [accessModes, storage] = [["ReadWriteMany"], "100Gi"];
      const volume = { accessModes, capacity: { storage }, storageClassName: "shared", nfs: nfs.nfs };
      await cluster.create("PersistentVolume", "shared-0", { spec: volume });
      const ofClass = { backend: "pvc", pvc: { storageClassName: "shared" } };
      await up(stack(ofClass));
      assert.equal((await cluster.get("PersistentVolumeClaim", name))?.status?.phase, "Bound");
    });

    it("gives its user a file that can be used beside the administrator's", async () => {
      const { KUBECONFIG } = process.env;
      process.env.KUBECONFIG = [own.kubeconfig, cluster.controlPlane.kubeconfig].join(path.delimiter);
      try {
        await preview(stack({ kubeconfig: undefined, acceptImageLoss: "pvc image-registry-storage" }));
      } finally {
        if (KUBECONFIG === undefined) delete process.env.KUBECONFIG;
        else process.env.KUBECONFIG = KUBECONFIG;
      }
    });

    it("gives its user a file that nobody else may read, and keeps it when a new one cannot be had", async () => {
      assert.equal(statSync(own.kubeconfig).mode & 0o777, 0o600);
      const before = readFileSync(own.kubeconfig, "utf8");
      const stranger = new StackUser(cluster.controlPlane, "no-such-namespace");
      await assert.rejects(stranger.configuration(), /not found/);
      assert.equal(readFileSync(own.kubeconfig, "utf8"), before);
    });

    it("grants no right that went unused", () => {
      // Of Pulumi's own provider (seen in the audit log of a real engine): watches while it waits. And
      // images and routes, which the sandbox's API server does not have.
      const elsewhere = [
        ...watches([
          "persistentvolumes",
          ...["configmaps", "persistentvolumeclaims"].map((kind) => `${kind} ${namespace}`),
          "events",
        ]),
        "list image.openshift.io/images *",
        "get namespaces kube-system", // with an NFS host, which keeps the cluster's uid
        `list route.openshift.io/routes ${namespace} *`,
      ];
      const { rights } = user.used();
      const unused = [...user.granted()].filter((right) => !rights.has(right) && !elsewhere.includes(right));
      assert.deepEqual(unused, []);
    });

    it("leaves no request refused but those it has no right to", () => {
      const expected =
        /nodes infra-0$|secrets openshift-image-registry image-registry-private-configuration-user$/;
      assert.deepEqual(
        user.used().refused.filter((request) => !expected.test(request) && !lookedFurther.test(request)),
        [],
      );
    });

    describe("forbids all else, such as", () => {
      const forbidden: [string, (as: Objects) => Promise<unknown>][] = [
        ["to delete the registry's Config", (as) => as.delete("Config", "cluster")],
        ["to list Secrets", (as) => as.list("Secret")],
        ["to label another node", (as) => as.patch("Node", "worker-0", { metadata: { labels: { a: "b" } } })],
        ["to read another Secret", (as) => as.get("Secret", "image-registry-private-configuration")],
        ["to delete the registry's pods", async (as) => as.delete("Pod", "some-pod")],
        [
          "to change its Deployment",
          (as) => as.patch("Deployment", "image-registry", { spec: { replicas: 0 } }),
        ],
        ["to delete another's volume", (as) => as.delete("PersistentVolume", "somebody-elses")],
        ["to make another volume", (as) => as.create("PersistentVolume", "another", {})],
        ["to delete another's claim", (as) => as.delete("PersistentVolumeClaim", "somebody-elses")],
        ["to change another ConfigMap", (as) => as.patch("ConfigMap", "trusted-ca", { data: {} })],
        ["to delete a node", (as) => as.delete("Node", "worker-0")],
      ];
      for (const [what, act] of forbidden) {
        it(what, async () => {
          await assert.rejects(act(new As(namespace, own.kubeconfig)), /is forbidden|"code":403/);
        });
      }
      it("to read what is in other namespaces", async () => {
        const kinds: Kind[] = ["Secret", "ConfigMap", "Pod", "PersistentVolumeClaim"];
        for (const kind of kinds) await assert.rejects(new As("default", own.kubeconfig).list(kind), /403/);
      });
    });
  });
});

describe("access/standalone.yaml", function () {
  this.timeout("3m");
  const namespace = "image-registry";
  const cluster = testCluster(
    (options) => startControlPlane({ ...options, isAudited: true }),
    new TestCluster(namespace),
  );
  const stack = (overlay: Record<string, unknown> = {}) =>
    cluster.stack("standalone", { ...own, ...nfs, replicas: 2, acceptImageLoss, ...overlay });
  let user: StackUser;
  let own: { kubeconfig: string; context: string };

  before(async () => {
    user = new StackUser(cluster.controlPlane, namespace);
    await user.give("standalone.yaml");
    own = await user.configuration();
  });

  it("lets a stack run a registry, mend it, switch it, let go of it and take it down", async () => {
    await up(stack());
    const { runAsUser } = (await cluster.pods())[0]!.spec!.securityContext!;
    assert.notEqual(runAsUser, undefined, "no SecurityContextConstraints give one here");
    assert.deepEqual(changes(await preview(stack())), []);
    await cluster.patch("Deployment", "image-registry", { spec: { replicas: 3 } });
    await up(stack());
    await destroy(stack());
    await up(stack(s3));
    await up(stack({ ...s3, ...removed }));
    await destroy(stack({ ...s3, ...removed }));
  });

  it("takes the Secrets that it made down with the registry, by their names", async () => {
    for (const secret of [s3Secret.name, "image-registry-http"])
      assert.equal(await cluster.get("Secret", secret), undefined, secret);
  });

  it("grants no right that went unused", () => {
    const kinds = [
      "configmaps",
      "persistentvolumeclaims",
      "services",
      "networking.k8s.io/networkpolicies",
      "policy/poddisruptionbudgets",
    ];
    const elsewhere = [
      ...watches(["persistentvolumes", "events", ...kinds.map((kind) => `${kind} ${namespace}`)]),
      "get namespaces kube-system", // with an NFS host, which keeps the cluster's uid
    ];
    const { rights } = user.used();
    const unused = [...user.granted()].filter((right) => !rights.has(right) && !elsewhere.includes(right));
    assert.deepEqual(unused, []);
  });

  it("leaves no request refused but a look at what others run, and how full a volume is", () => {
    assert.deepEqual(
      user.used().refused.filter((request) => !lookedFurther.test(request)),
      [],
    );
  });

  it("forbids to list Secrets, what is outside the namespace, and to make or delete a namespace", async () => {
    await assert.rejects(new As(namespace, own.kubeconfig).list("Secret"), /403/);
    const as = new As("default", own.kubeconfig);
    await assert.rejects(as.list("Secret"), /403/);
    await assert.rejects(as.create("Deployment", "other", {}), /403/);
    await assert.rejects(as.delete("Namespace", namespace), /403/);
    const elsewhere = stack({ standalone: { namespace: "other" } });
    await assertImpossible(elsewhere, /namespaces "other" is forbidden/);
  });
});

/** A user at work by hand. */
class As extends Objects {
  constructor(namespace: string, kubeconfig: string) {
    super(namespace);
    this.connect(kubeconfig);
  }
}
