import assert from "node:assert/strict";
import type { V1Node, V1PersistentVolume, V1PersistentVolumeClaim } from "@kubernetes/client-node";

import { checkConfiguration } from "../../../config";
import { UserError } from "../../../errors";
import { infraLabel } from "../../../kubernetes/nodes";
import { type Ask, ofNobody, type Question } from "../../../new-stack/ask";
import type { NewCluster } from "../../../new-stack/live";
import { shown } from "../../../new-stack/proposals";
import { gather, type Given } from "../../../new-stack/questions";

const infra = (name: string, ...taints: string[]): V1Node => ({
  metadata: { name, labels: { [infraLabel]: "" } },
  spec: { taints: taints.map((key) => ({ key, effect: "NoSchedule" })) },
  status: { conditions: [{ type: "Ready", status: "True" }] },
});
const worker = (name: string): V1Node => ({ ...infra(name), metadata: { name } });
const claim = (name: string, mode: string, volumeName?: string): V1PersistentVolumeClaim => ({
  metadata: { name },
  spec: { accessModes: [mode], volumeName },
});
const nfsVolume: V1PersistentVolume = {
  metadata: { name: "pv-1" },
  spec: { nfs: { server: "nas.example.com", path: "/vol/registry" }, capacity: { storage: "300Gi" } },
};

function cluster(changed: Partial<NewCluster> & { storage?: object; replicas?: number } = {}): NewCluster {
  const { storage, replicas = 1, ...others } = changed;
  const registry = { metadata: {}, spec: { managementState: "Managed", replicas, storage } };
  const nothing = { nodes: [], claims: [], volumes: [], classes: [], owner: undefined, unread: [] };
  return { registry, ...nothing, ...others };
}

/** Takes every proposal but where it is told otherwise, and remembers what it was asked. */
class Answers implements Ask {
  readonly asked: string[] = [];
  constructor(private readonly told: Record<string, unknown> = {}) {}
  choose<T extends string>(question: Question<T>): Promise<T> {
    return this.answer(question);
  }
  text(question: Question<string>, check: (text: string) => string | undefined): Promise<string> {
    return this.answer(question, check);
  }
  confirm(question: Question<boolean>): Promise<boolean> {
    return this.answer(question);
  }
  private async answer<T>(
    { flag, proposal }: Question<T>,
    check?: (text: T) => string | undefined,
  ): Promise<T> {
    this.asked.push(flag);
    const answer = (this.told[flag] as T | undefined) ?? proposal;
    assert.ok(answer !== undefined, `${flag} has no proposal`);
    assert.equal(check?.(answer), undefined);
    return Promise.resolve(answer);
  }
}

describe("the questions about a new stack", () => {
  const valid = async (
    stack: string,
    live: NewCluster,
    told: Record<string, unknown> = {},
    given: Given = {},
  ) => {
    const values = await gather(stack, given, live, new Answers(told));
    checkConfiguration({ context: "c", ...values }, stack);
    return values;
  };

  it("propose the export that the registry is on now, with its size and its replicas", async () => {
    const live = cluster({
      storage: { pvc: { claim: "images" } },
      replicas: 3,
      claims: [claim("images", "ReadWriteMany", "pv-1")],
      volumes: [nfsVolume],
    });
    assert.deepEqual(await valid("prod", live), {
      backend: "nfs",
      replicas: 3,
      nfs: { server: "nas.example.com", path: "/vol/registry", size: "300Gi" },
    });
  });

  it("propose the claim that the registry is on now, and one pod where only one can mount it", async () => {
    const live = cluster({
      storage: { pvc: { claim: "images" } },
      claims: [claim("other", "ReadWriteMany"), claim("images", "ReadWriteOnce")],
      nodes: [worker("a"), worker("b")],
    });
    assert.deepEqual(await valid("prod", live), {
      backend: "pvc",
      replicas: 1,
      rolloutStrategy: "Recreate",
      pvc: { claim: "images" },
    });
  });

  it("propose emptyDir on a fresh cluster, and an export where the name says production", async () => {
    assert.equal((await valid("dev", cluster())).backend, "emptyDir");
    const { backend, nfs } = await valid("prod-eu", cluster({ volumes: [nfsVolume] }), {
      "--path": "/srv/eu",
    });
    assert.deepEqual([backend, nfs], ["nfs", { server: "nas.example.com", path: "/srv/eu", size: "100Gi" }]);
  });

  it("propose infra nodes where there are some, two pods where two of them can take one, and tolerate their taints", async () => {
    const live = cluster({
      nodes: [infra("i-0", infraLabel, "storage"), infra("i-1", infraLabel), worker("w")],
    });
    const told = { "--backend": "nfs", "--server": "nfs.example.com" };
    const { placement, replicas } = await valid("qa", live, told);
    assert.deepEqual(placement, {
      infra: true,
      tolerations: [
        { key: infraLabel, operator: "Exists" },
        { key: "storage", operator: "Exists", effect: "NoSchedule" },
      ],
    });
    assert.equal(replicas, 2);
  });

  it("leave the tolerations to the program where its own are enough, and taints of a node's own state alone", async () => {
    const live = cluster({ nodes: [infra("i-0", infraLabel, "node.kubernetes.io/unschedulable")] });
    assert.deepEqual((await valid("dev", live)).placement, { infra: true });
  });

  it("take a cluster without the operator for one that the stack itself serves", async () => {
    assert.equal((await valid("edge", cluster({ registry: undefined }))).platform, "standalone");
  });

  it("ask nothing that a flag has said", async () => {
    const answers = new Answers();
    const given = {
      platform: "operator",
      backend: "nfs",
      server: "s",
      path: "/p/q",
      size: "1Gi",
      replicas: "2",
    };
    await gather("dev", { ...given, infra: false }, cluster(), answers);
    assert.deepEqual(answers.asked, []);
  });

  it("name the flag that is missing where nobody can be asked, and what the cluster suggests", async () => {
    await assert.rejects(gather("dev", {}, cluster(), ofNobody), (error: Error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /^--platform is missing, .*; the cluster suggests "operator"$/);
      return true;
    });
  });

  it("refuse a backend that they know nothing of", async () => {
    await assert.rejects(
      gather("dev", { platform: "operator", backend: "gcs" }, cluster(), ofNobody),
      /--backend "gcs": must be one of nfs, pvc, emptyDir, s3/,
    );
  });

  it("come after what the cluster shows, and who has it", () => {
    const lines = shown(
      cluster({ nodes: [infra("i-0", infraLabel)], owner: "organization/image-registry/old" }),
    );
    assert.match(lines.join("\n"), /Managed, 1 replicas, images in none/);
    assert.match(
      lines.join("\n"),
      /of which for infra: i-0\ninfra taints {2}node-role.kubernetes.io\/infra:NoSchedule/,
    );
    assert.match(lines.at(-1)!, /stack "organization\/image-registry\/old" has this cluster already/);
  });
});
