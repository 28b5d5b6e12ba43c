import assert from "node:assert/strict";
import type { SpecObject } from "../../../platforms/field-drift";
import { ImagePruner, type ImagePrunerArgs } from "../../../components/image-pruner";
import { clusterProvider } from "../support/cluster";
import { imagePruner, infraLabel, onInfra } from "../support/fixtures";
import { patience, prunerPatch, run } from "../support/monitor";

async function pruned(
  args: Partial<ImagePrunerArgs> & { pruner?: SpecObject | undefined },
  options: { retainOnDelete?: boolean } = {},
) {
  const pruner = "pruner" in args ? args.pruner : imagePruner();
  const { resources, warnings } = await run(
    () => {
      const provider = clusterProvider();
      new ImagePruner(
        "pruner",
        { checked: { live: { pruner, owningStack: undefined } }, ...args },
        { provider, ...options },
      );
    },
    { preview: true },
  );
  const patch = resources.find(({ type }) => type === prunerPatch);
  const { annotations } = (patch?.inputs["metadata"] ?? {}) as { annotations?: Record<string, string> };
  return { patch, annotations, spec: patch?.inputs["spec"], warnings };
}

/** The pruner as this stack once applied it, of which it still owns the fields named. */
function applied(spec: object, ...ours: string[]): SpecObject {
  const fields = Object.fromEntries(ours.map((key) => [`f:${key}`, {}]));
  const managedFields = [
    { manager: "image-registry-placement", operation: "Apply", fieldsV1: { "f:spec": fields } },
  ];
  const live = imagePruner(spec);
  return { ...live, metadata: { ...live.metadata, managedFields } };
}

describe("ImagePruner", function () {
  this.timeout(patience);

  it("writes placement and settings in one patch, blank values too: its operator takes none out", async () => {
    const settings = { schedule: "0 3 * * *", suspend: false, keepTagRevisions: 0 };
    const { spec, annotations } = await pruned({ placement: onInfra, settings });
    assert.deepEqual(spec, {
      ...settings,
      nodeSelector: { [infraLabel]: "" },
      tolerations: [{ key: infraLabel, operator: "Exists" }],
    });
    assert.equal(annotations?.["pulumi.com/patchFieldManager"], "image-registry-placement");
    assert.equal(annotations["pulumi.com/patchForce"], "true");
  });

  it("is left alone by a stack that asks nothing of it", async () => {
    assert.equal((await pruned({ placement: { nodeSelector: {}, tolerations: [] } })).patch, undefined);
  });

  it("gets back what a stack no longer asks for: the patch stays, with nothing in it", async () => {
    const live = applied({ nodeSelector: { [infraLabel]: "" } }, "nodeSelector");
    assert.deepEqual((await pruned({ pruner: live })).spec, {});
  });

  it("that is not there is told, where something is asked of it", async () => {
    const { patch, warnings } = await pruned({ pruner: undefined, settings: { suspend: true } });
    assert.equal(patch, undefined);
    assert.match(warnings.join(), /this cluster has no ImagePruner/);
    assert.deepEqual((await pruned({ pruner: undefined })).warnings, []);
  });

  it("changed by hand is a change of the patch, and told in the preview", async () => {
    const live = applied({ suspend: true });
    const { annotations, warnings } = await pruned({ pruner: live, settings: { suspend: false } });
    assert.equal(annotations?.["image-registry/evicted"], "spec.suspend@1");
    assert.match(
      warnings.join(),
      /will put back spec\.suspend of the ImagePruner: it is true by hand, asked is false/,
    );
  });

  it("outlives the stack of a live registry, and is let go of with one that is down", async () => {
    for (const retainOnDelete of [true, false]) {
      const { patch } = await pruned({ placement: onInfra }, { retainOnDelete });
      assert.equal(patch?.retainOnDelete, retainOnDelete);
    }
  });
});
