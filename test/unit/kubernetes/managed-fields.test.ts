import assert from "node:assert/strict";
import type { KubernetesObject } from "@kubernetes/client-node";
import { takenFromOthers } from "../../../kubernetes/managed-fields";

const backends = [
  ["spec", "storage", "pvc"],
  ["spec", "storage", "emptyDir"],
];

/** Who owns what of `spec.storage`. */
function owned(byManager: Record<string, object>): KubernetesObject {
  return {
    metadata: {
      managedFields: Object.entries(byManager).map(([manager, storage]) => ({
        manager,
        operation: manager === "ours" ? "Apply" : "Update",
        fieldsV1: { "f:spec": { "f:storage": storage } },
      })),
    },
  };
}

describe("fields taken from other managers", () => {
  const ours = { "f:pvc": { "f:claim": {} } };

  it("are theirs no more, while what is ours stays ours", () => {
    const object = owned({ ours, kubectl: { "f:pvc": { ".": {} }, "f:managementState": {} } });
    assert.deepEqual(
      takenFromOthers(object, "ours", backends),
      owned({ ours, kubectl: { "f:managementState": {} } }).metadata?.managedFields,
    );
  });

  it("leave no empty parent, which would be the whole of storage", () => {
    const [, kubectl] =
      takenFromOthers(owned({ ours, kubectl: { "f:emptyDir": {} } }), "ours", backends) ?? [];
    assert.deepEqual(kubectl?.fieldsV1, {});
  });

  it("are none as long as nobody else has a backend", () => {
    const object = owned({ ours, operator: { "f:managementState": {} } });
    assert.equal(takenFromOthers(object, "ours", backends), undefined);
  });
});
