import { up } from "../../support/engine";
import { StacksCluster } from "./cluster";
import { lifecycle, type StackName } from "./lifecycle";
import { refusals } from "./refusals";
import { secrets } from "./secrets";
import { given } from "./settings";
import { switches } from "./switches";

/* On a sandbox, or on the cluster that settings.ts tells of. */
describe("the stacks", function () {
  this.timeout(given === undefined ? "10m" : "30m");
  const cluster = new StacksCluster();
  before("starting the cluster", function () {
    this.timeout("60m"); // the first one builds
    return cluster.start();
  });
  after("leaving it as it was", () => cluster.stop());

  for (const stack of ["dev", "prod", "standalone"] satisfies StackName[]) {
    describe(`${stack}, from nothing and back`, () => lifecycle(stack, cluster));
  }
  describe("dev, once it serves from emptyDir", () => {
    before(async () => {
      await cluster.fresh();
      await up(cluster.stack("dev"));
    });
    describe("is refused, in preview and up, before anything is touched,", () => refusals(cluster));
    describe("switches its backend:", () => switches(cluster));
    describe("keeps secrets:", () => secrets(cluster));
  });
});
