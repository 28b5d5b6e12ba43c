import { projectDirectory } from "../../project";
import { findPulumi, withoutPlugins } from "../../sandbox/engine/cli";
import { type Engine, inProcessEngine, realEngine } from "../../sandbox/engine/engines";
import type { EngineCluster } from "./cluster";

/** Gives the engine, or why there is none. */
type Find = (cluster: EngineCluster) => Promise<Engine | string>;

/** Each engine on which the stacks have to do the same. */
export const engines: Record<string, Find> = {
  "the sandbox's engine": () => Promise.resolve(inProcessEngine),
  "Pulumi's own engine": async ({ stateFolder }) => {
    const command = await findPulumi();
    if (!command) return "no Pulumi CLI on PATH, and its download site cannot be reached";
    const missing = await withoutPlugins(command, projectDirectory);
    if (missing !== undefined) return `the Pulumi CLI cannot get the program's plugins: ${missing}`;
    return realEngine(command, stateFolder, projectDirectory);
  },
};

/** The engine of a describe; where there is none, the reason is shown and its tests are pending. */
export function onEngine(find: Find, cluster: EngineCluster): Engine {
  let found: Engine | undefined;
  before("finding the engine", async function () {
    const engine = await find(cluster);
    if (typeof engine === "string") {
      console.error(`      pending: ${engine}`);
      this.skip();
    }
    found = engine;
  });
  const engine = () => {
    if (!found) throw new Error("the engine is known only once the tests run");
    return found;
  };
  return {
    get name() {
      return engine().name;
    },
    get cli() {
      return engine().cli;
    },
    preview: (run) => engine().preview(run),
    up: (run) => engine().up(run),
    destroy: (run) => engine().destroy(run),
  };
}
