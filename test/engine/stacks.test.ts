import { EngineCluster } from "./cluster";
import { engines, onEngine } from "./engines";
import { lifecycle, type StackName } from "./lifecycle";
import { refusals } from "./refusals";
import { secrets } from "./secrets";
import { given } from "./settings";
import { switches } from "./switches";

/*
 * The same on both engines. That of the sandbox has no refresh. See settings.ts for a cluster other than the sandbox's.
 */
describe("the stacks", function () {
  this.timeout(given === undefined ? "10m" : "30m");
  const cluster = new EngineCluster();
  before("starting the cluster", function () {
    this.timeout("30m"); // the first one builds
    return cluster.start();
  });
  after("leaving it as it was", () => cluster.stop());

  for (const [name, find] of Object.entries(engines)) {
    describe(`on ${name}`, () => {
      const engine = onEngine(find, cluster);
      for (const stack of ["dev", "prod", "standalone"] satisfies StackName[]) {
        describe(`${stack}, from nothing and back`, () => lifecycle(stack, engine, cluster));
      }
      describe("a switch of the backend", () => switches(engine, cluster));
      describe("refused in preview and up, before anything is touched", () => refusals(engine, cluster));
      describe("secrets", () => secrets(engine, cluster));
    });
  }
});
