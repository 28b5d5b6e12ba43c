import { assertRefused } from "../program/runs";
import type { StacksCluster } from "./cluster";
import { backends } from "./settings";

/** Runs that end before anything is touched, on a registry that serves from emptyDir. */
export function refusals(cluster: StacksCluster): void {
  it("leaving a store that may hold images", async () => {
    const message = /nothing was changed:\n.*now keeps its images in emptyDir, .* acceptImageLoss: emptyDir/;
    await assertRefused(
      cluster,
      cluster.stack("dev", { ...backends.nfs.asked, acceptImageLoss: "" }),
      message,
    );
  });

  it("replicas that no node can take", async () => {
    const placement = { infra: true, nodeSelector: { "image-registry/test-suite": "nowhere" } };
    const message = /nothing was changed:\n.*0 would find a node/;
    await assertRefused(cluster, cluster.stack("dev", { placement }), message);
  });
}
