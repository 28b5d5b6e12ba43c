import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { owningStackName } from "../../../platforms/owning-stack";
import { changes, destroy, expectNoChanges, failure, preview, type StackRun, up } from "../../support/engine";
import { resourceChanges } from "../../../ci/lib/resource-changes";
import { changesProposed } from "../../../stack/cli";
import { ownProgram } from "../../../sandbox/engine";
import { testCluster } from "./harness";
import { assertImpossible, assertRefused, nfs } from "./runs";

type Register = (request: { getType(): string }, ...rest: unknown[]) => void;
type Monitor = { registerResource: Register };

const [dev, prod] = ["organization/image-registry/dev", "organization/image-registry/prod"];

/** Each test begins where the one before it has ended. */
describe("two stacks on one cluster", function () {
  this.timeout("2m");
  const cluster = testCluster();
  before(() => cluster.fresh());

  it("one that comes between the other's preflight and its first step is not overwritten", async () => {
    // The provider is the first resource: the preflight is over, and the name not yet written.
    const run = cluster.stack("dev", {}, async () => {
      const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
      const register = monitor.registerResource.bind(monitor);
      monitor.registerResource = (request, ...rest) => {
        const isProvider = request.getType() === "pulumi:providers:kubernetes";
        const taken = isProvider
          ? cluster.create("ConfigMap", owningStackName, { data: { stack: prod } })
          : Promise.resolve();
        void taken.then(() => register(request, ...rest));
      };
      return ownProgram();
    });
    const { message, result } = await failure(up(run));
    assert.match(message, new RegExp(`belongs to stack "${prod}"`));
    assert.equal(await holder(), prod);
    assert.ok(!changes(result).some((change) => / registry$/.test(change)));
    await loseOwner();
  });

  it("the second is refused, naming the first and both ways out, and nothing is written", async () => {
    await up(cluster.stack("dev", { registry: { logLevel: "Debug" }, placement: { infra: true } }));
    assert.equal(await holder(), dev);
    const message = new RegExp(
      `belongs to stack "${dev}", and this is "${prod}"; destroy that one first: pulumi destroy --stack ${dev}; ` +
        `or, where it was renamed or moved, or its state is lost: oc delete configmap ${owningStackName} -n openshift-image-registry$`,
    );
    await assertRefused(cluster, cluster.stack("prod"), message);
  });

  it("one that comes even later meets the API server, which lets nobody write another name", async () => {
    await assert.rejects(
      cluster.patch("ConfigMap", owningStackName, { data: { stack: prod } }),
      /field is immutable when `immutable` is set/,
    );
  });

  it("a stack whose state is lost goes on under the same name, and is told what changes", async () => {
    cluster.forgetStacks();
    const said = (await preview(cluster.stack("dev"))).diagnostics.map(({ message }) => message).join("\n");
    assert.match(said, /has set up the registry of this cluster before .*, and its state has nothing of it/);
    for (const object of ["Config", "ImagePruner"])
      assert.match(said, new RegExp(`change spec\\.tolerations of the ${object} from .* to nothing`));
    assert.match(said, /will change spec\.logLevel of the Config from "Debug" .* to /);
    await up(cluster.stack("dev"));
  });

  it("a name removed by hand is the only thing to do: it is written again, and told in the preview", async () => {
    await cluster.delete("ConfigMap", owningStackName);
    assert.deepEqual(changes(await preview(cluster.stack("dev"))), ["replace stack-name"]);
    assert.deepEqual(await drift(cluster.stack("dev")), ["create stack-name"]);
    await up(cluster.stack("dev"));
    assert.equal(await holder(), dev);
    await expectNoChanges(cluster.stack("dev"));
  });

  it("a stack that changes its platform is refused while its registry runs where it was", async () => {
    await up(cluster.stack("dev", nfs));
    const standalone = cluster.stack("dev", { ...nfs, platform: "standalone" });
    const message = /platform: this stack's registry runs in namespace openshift-image-registry/;
    await assertImpossible(standalone, message);
  });

  it("the second takes the cluster once the first is destroyed, its registry still running", async () => {
    const before = await cluster.get("PersistentVolumeClaim", "image-registry-nfs");
    await destroy(cluster.stack("dev", nfs));
    assert.equal(await holder(), undefined);

    await up(cluster.stack("prod", nfs));
    assert.equal(await holder(), prod);
    const after = await cluster.get("PersistentVolumeClaim", "image-registry-nfs");
    assert.equal(after?.metadata.uid, before?.metadata.uid);
  });

  it("the second takes it by the command, where the first one's state is lost", async () => {
    await loseOwner();
    await up(cluster.stack("dev", nfs));
    assert.equal(await holder(), dev);
  });

  /** The state is gone, and the name deleted by the command that the message tells. */
  async function loseOwner(): Promise<void> {
    cluster.forgetStacks();
    await cluster.delete("ConfigMap", owningStackName);
  }

  async function holder(): Promise<string | undefined> {
    return (await cluster.get("ConfigMap", owningStackName))?.data?.["stack"];
  }

  /** What a drift issue lists: the job looks with a refresh. */
  async function drift({ stacks, stack }: StackRun): Promise<string[]> {
    const look = ["preview", "--diff", "--refresh", "--expect-no-changes"];
    const { exitCode, events } = await stacks.operate(look, stack);
    assert.equal(exitCode, changesProposed);
    return resourceChanges(events).map(({ operation, name }) => `${operation} ${name}`);
  }
});
