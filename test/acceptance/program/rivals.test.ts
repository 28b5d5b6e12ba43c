import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { readStatus } from "../../../status/status";
import { configurationOf, expectNoChanges, failure, up } from "../../support/engine";
import { testCluster } from "./harness";
import { acceptImageLoss, foundWarnings, nfs } from "./runs";

const rival = "argocd-controller";

describe("a program that writes its own values into the Config while an up runs", function () {
  this.timeout("2m");
  const cluster = testCluster();
  // An up that waited for what never comes would outlast the test.
  const run = () =>
    cluster.stack("dev", { ...nfs, placement: { infra: true }, acceptImageLoss, timeoutSeconds: 600 });
  before(async () => {
    await cluster.fresh();
    await up(run());
  });

  const written: [what: string, spec: object, told: RegExp][] = [
    [
      "takes the registry down",
      { managementState: "Removed" },
      /spec\.managementState of the Config is "Removed" by argocd-controller, asked is "Managed"/,
    ],
    [
      "gives it another store",
      { storage: { emptyDir: {}, pvc: null } },
      /spec\.storage\.emptyDir of the Config was added by argocd-controller/,
    ],
    [
      "changes the number of replicas",
      { replicas: 2 },
      /spec\.replicas of the Config is 2 by argocd-controller, asked is 1/,
    ],
    [
      "gives the store to the operator, who would delete the claim",
      { storage: { managementState: "Managed" } },
      /spec\.storage\.managementState of the Config is "Managed" by argocd-controller, asked is "Unmanaged"/,
    ],
    [
      "takes its nodes away, which leaves no manager on record",
      { nodeSelector: null },
      /spec\.nodeSelector\.\S+ of the Config is gone by hand, asked is ""[^]*no manager is on record/,
    ],
  ];

  for (const [what, spec, told] of written) {
    it(`${what}: the up fails, and names field, value, manager and what to do`, async () => {
      const stop = writes(spec);
      const { message } = await failure(up(run())).finally(stop);
      assert.match(message, told);
      assert.match(message, /to do: take th.* out of what .* applies/);
      await cluster.patch("Config", "cluster", { spec }, rival);
      if (told.source.includes(rival)) {
        assert.match(await foundWarnings(run()), new RegExp(rival));
        const { waitingFor } = await readStatus(configurationOf(run()));
        assert.match(waitingFor.join("\n"), new RegExp(rival));
      }
    });
  }

  it("is no more: the next up puts back what it left", async () => {
    await up(run());
    await expectNoChanges(run());
  });

  /** The program that wants the spec so, every two seconds, until it is stopped. */
  function writes(spec: object): () => Promise<void> {
    let stopped = false;
    const loop = (async () => {
      while (!stopped) {
        await cluster.patch("Config", "cluster", { spec }, rival);
        await sleep(2000);
      }
    })();
    return async () => {
      stopped = true;
      await loop;
    };
  }
});
