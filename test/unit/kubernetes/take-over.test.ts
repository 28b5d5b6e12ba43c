import assert from "node:assert/strict";
import type { V1ManagedFieldsEntry } from "@kubernetes/client-node";
import { type ClusterClient, ClusterError } from "../../../kubernetes/client";
import { specHandedOver, takeOverSpec } from "../../../kubernetes/managed-fields";

const entry = (
  manager: string,
  operation: string,
  fieldsV1: object,
  subresource?: string,
): V1ManagedFieldsEntry => ({
  manager,
  operation,
  apiVersion: "apps/v1",
  fieldsType: "FieldsV1",
  fieldsV1,
  ...(subresource && { subresource }),
});
const spec = (fields: object) => ({ "f:spec": fields });
const ours = entry(
  "ours",
  "Apply",
  spec({ "f:strategy": {}, "f:template": { "f:spec": { "f:volumes": {} } } }),
);
const status = entry("kube-controller-manager", "Update", { "f:status": {} }, "status");
const take = (...entries: V1ManagedFieldsEntry[]) =>
  specHandedOver({ apiVersion: "apps/v1", metadata: { managedFields: entries } }, "ours");

describe("what others own of a spec", () => {
  it("is nothing to hand over when nobody else owns any", () => {
    assert.equal(take(ours, status), undefined);
    assert.equal(take(ours, entry("kubectl", "Update", { "f:metadata": { "f:labels": {} } })), undefined);
  });

  it("becomes ours, beside what is ours already, and others keep the rest", () => {
    const scaled = entry("kubectl", "Update", spec({ "f:replicas": {} }), "scale");
    const edited = entry("edit", "Update", {
      "f:metadata": { "f:labels": { "f:team": {} } },
      ...spec({ "f:template": { "f:spec": { "f:hostNetwork": {} } } }),
    });
    const [kept, controller, merged, ...more] = take(edited, ours, scaled, status) ?? [];
    assert.deepEqual(more, []);
    assert.deepEqual(kept, { ...edited, fieldsV1: { "f:metadata": { "f:labels": { "f:team": {} } } } });
    assert.deepEqual(controller, status);
    assert.deepEqual(merged?.fieldsV1, {
      "f:spec": {
        "f:strategy": {},
        "f:replicas": {},
        "f:template": { "f:spec": { "f:volumes": {}, "f:hostNetwork": {} } },
      },
    });
  });

  it("comes to a manager that owns nothing yet", () => {
    const [only] = take(entry("pulumi", "Update", spec({ "f:replicas": {} }))) ?? [];
    assert.deepEqual([only?.manager, only?.operation], ["ours", "Apply"]);
    assert.deepEqual(only?.fieldsV1, spec({ "f:replicas": {} }));
  });

  it("does not include the pods' annotations: to take them away would restart the pods", () => {
    const restarted = spec({ "f:template": { "f:metadata": { "f:annotations": { "f:restartedAt": {} } } } });
    const taken = take(ours, entry("kubectl", "Update", restarted));
    assert.ok(!JSON.stringify(taken).includes("restartedAt"));
  });
});

describe("taking a spec over", () => {
  const object = { apiVersion: "apps/v1", kind: "Deployment", name: "image-registry", namespace: "registry" };
  const metadata = {
    resourceVersion: "7",
    managedFields: [entry("kubectl", "Update", spec({ "f:replicas": {} }))],
  };
  const takeOver = (answers: (ClusterError | undefined)[]) => {
    const client = {
      get: () => Promise.resolve({ metadata }),
      mergePatch: () => {
        const answer = answers.shift();
        return answer ? Promise.reject(answer) : Promise.resolve();
      },
    };
    return takeOverSpec(client as unknown as ClusterClient, object, "ours");
  };
  const refused = (code: number) => new ClusterError(`answered ${code}`, false, code);

  it("tries again when a controller wrote to the object meanwhile", async () => {
    const answers = [refused(409), refused(409), undefined];
    await takeOver(answers);
    assert.equal(answers.length, 0);
  });

  it("ends with what else the cluster says, and with a conflict that stays", async () => {
    await assert.rejects(takeOver([refused(403)]), /answered 403/);
    await assert.rejects(takeOver(Array<ClusterError>(99).fill(refused(409))), /answered 409/);
  });
});
