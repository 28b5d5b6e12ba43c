import assert from "node:assert/strict";
import type { Storage } from "../../../backends/backend";
import { operator } from "../../../platforms/operator";
import { standalone } from "../../../platforms/standalone";
import { claim, followed, live, node, onClaim, plan, registryConfig, told } from "../support/fixtures";
import { liveStandalone, rolledOut, standalonePlan } from "../support/standalone-fixtures";

const claims = [claim("images"), claim("old")];
const pods = [{ spec: { nodeName: "worker-1", containers: [] }, status: { phase: "Running" } }];

function found(storage: Storage, more: Partial<ReturnType<typeof live>> = {}) {
  const config = registryConfig({ storage });
  return live({ config, deployment: followed(config), claims, pods, ...more });
}

const asked = (storage: Storage = onClaim("images"), copyImages = true) => plan({ storage, copyImages });
const move = (cluster: ReturnType<typeof live>, wanted = asked()) => operator.move(cluster, wanted);
const errors = (cluster: ReturnType<typeof live>, wanted = asked()) =>
  told(operator.preflight(cluster, wanted)).errors;

function s3() {
  const container = {
    name: "registry",
    env: [
      { name: "REGISTRY_STORAGE", value: "s3" },
      { name: "REGISTRY_STORAGE_S3_BUCKET", value: "b" },
    ],
  };
  const config = registryConfig({ storage: { s3: { bucket: "b" } } });
  return found({}, { config, deployment: followed(config, { containers: [container], volumes: [] }) });
}

describe("images that are to go along", () => {
  it("go from an emptyDir, or from another claim, to a claim, and nothing is refused", () => {
    for (const storage of [{ emptyDir: {} }, onClaim("old")]) {
      assert.deepEqual(errors(found(storage)), []);
      const { from, targetClaim, namespace } = move(found(storage))!;
      assert.deepEqual(
        [Object.keys(from)[0], targetClaim, namespace],
        [Object.keys(storage).at(-1), "images", "openshift-image-registry"],
      );
    }
  });

  it("stay where they are when the store does not change, when there are none, and when nobody asks", () => {
    assert.equal(move(found(onClaim("images"))), undefined);
    assert.equal(move(found({ emptyDir: {} }, { holdsImages: false })), undefined);
    assert.equal(move(found({ emptyDir: {} }), asked(onClaim("images"), false)), undefined);
    assert.match(errors(found({ emptyDir: {} }), asked(onClaim("images"), false)).join(), /copyImages: true/);
  });

  it("stay once the switch is written: what the new store then takes is no leftover of a copy", () => {
    const config = registryConfig({ storage: onClaim("images") });
    const old = followed(registryConfig({ storage: { emptyDir: {} } }));
    assert.equal(move(found({}, { config, deployment: old })), undefined);
  });

  it("are not copied from or to an object store: the run ends with what to do instead", () => {
    const [error = "", ...more] = errors(s3());
    assert.match(
      error,
      /^copyImages: .*from s3 bucket "b" to pvc "images" mirror .*oc image mirror.*acceptImageLoss: s3 b/,
    );
    assert.deepEqual(more, []);
  });

  it("are not copied out of several emptyDirs, nor by a mover whose image nobody knows", () => {
    const { deployment } = found({ emptyDir: {} });
    deployment!.spec!.replicas = 2;
    assert.match(errors(found({ emptyDir: {} }, { deployment })).join(), /copyImages: .*several pods/);
    const down = found(onClaim("old"), { deployment: undefined, pods: [] });
    assert.match(errors(down).join(), /copyImages: the registry is down/);
  });

  it("are lost by what a copy cannot help: a registry that is taken down", () => {
    const down = { ...asked({ emptyDir: {} }), managementState: "Removed" } as const;
    assert.match(errors(found({ emptyDir: {} }), down).join(), /^managementState: "Removed" deletes/);
  });

  describe("between claims of which one node at a time can mount one", () => {
    const once = [claim("images"), claim("old", { accessModes: ["ReadWriteOnce"] })];
    const nodes = [node("worker-0"), node("worker-1")];
    const localTo = (name: string) => ({
      metadata: { name: `on-${name}` },
      spec: {
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: [name] }] }],
          },
        },
      },
    });

    it("go by the one node that has it", () => {
      assert.equal(move(found(onClaim("old"), { claims: once }))?.node, "worker-1");
      assert.equal(move(found(onClaim("old")))?.node, undefined);
    });

    it("are refused where the other one is elsewhere", () => {
      const volume = localTo("worker-0");
      const there = found(onClaim("old"), { claims: once, nodes, volume });
      assert.match(
        errors(there).join(),
        /no node can mount claims old and images: .*by worker-1 alone.*on-worker-0/,
      );
      const shared = found(onClaim("old"), { nodes, volume, volumeInUse: localTo("worker-1") });
      assert.match(
        errors(shared).join(),
        /no node can mount claims old and images: their volumes are local to/,
      );
      const same = found(onClaim("old"), { claims: once, nodes, volume: localTo("worker-1") });
      assert.doesNotMatch(errors(same).join(), /no node can mount/);
    });
  });

  it("have a mover that goes where the registry will be, with the image that the operator chose", () => {
    const wanted = plan({
      storage: onClaim("images"),
      copyImages: true,
      placement: { nodeSelector: { infra: "" }, tolerations: [{ key: "infra" }] },
    });
    const cluster = found({ emptyDir: {} });
    cluster.deployment!.spec!.template.spec!.containers[0]!.image = "quay.io/openshift/registry";
    const { pod } = move(cluster, wanted)!;
    assert.deepEqual([pod.nodeSelector, pod.tolerations], [{ infra: "" }, [{ key: "infra" }]]);
    assert.equal(pod.containers[0]?.image, "quay.io/openshift/registry");
  });

  it("are known to have room by the size of a claim, but not of an export, whose volume may say anything", () => {
    const sized = { ...claim("images"), status: { phase: "Bound", capacity: { storage: "1Gi" } } };
    const volume = { metadata: { name: "v" }, spec: { nfs: { server: "nfs", path: "/" } } };
    assert.equal(move(found({ emptyDir: {} }, { claims: [sized] }))?.targetBytes, 1024 ** 3);
    assert.equal(move(found({ emptyDir: {} }, { claims: [sized], volume }))?.targetBytes, undefined);
  });

  it("go along on a registry of the stack's own, with its own image", () => {
    const cluster = liveStandalone({
      deployment: rolledOut(standalonePlan({ replicas: 1, storage: { emptyDir: {} } })),
    });
    const wanted = standalonePlan({ replicas: 1, copyImages: true });
    assert.deepEqual(told(standalone.preflight(cluster, wanted)).errors, []);
    assert.equal(standalone.move(cluster, wanted)?.pod.containers[0]?.image, "registry:3.1.1");
  });
});
