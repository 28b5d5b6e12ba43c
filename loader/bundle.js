const Module = require("node:module");
const path = require("node:path");
// For one call, esbuild's thread of its own costs more than it saves.
process.env.ESBUILD_WORKER_THREADS = "0";
const { buildSync } = require("esbuild");
delete process.env.ESBUILD_WORKER_THREADS;
const sourceMaps = require("source-map-support");
const { options } = require("./options");
require("./lazy-compiler");

const project = path.dirname(__dirname);

/**
 * Runs a TypeScript file of the project as one file with all that it imports, and returns what it exports. Bundling takes
 * less time than to find and load each module by itself, so it is done in memory at every start: never stale, and no cache.
 * @param {string} entry Path of the file in the project.
 */
exports.bundled = (entry) => {
  // As if it lay at the project's root: so that is where __dirname points, and packages are looked for.
  const file = path.join(project, `${path.basename(entry)}.js`);
  const build = (sourcemap) => {
    const { outputFiles } = buildSync({
      ...options,
      absWorkingDir: project,
      entryPoints: [entry],
      outfile: file,
      bundle: true,
      external,
      mainFields: ["module", "main"],
      sourcemap,
      write: false,
    });
    return outputFiles.map(({ text }) => text);
  };
  whenItFails(() => {
    const [map] = build("external");
    sourceMaps.install({ retrieveSourceMap: (source) => (source === file ? { url: file, map } : null) });
  });
  const [code] = build(false);
  const module = new Module(file);
  module.filename = file;
  module.paths = Module._nodeModulePaths(project);
  module._compile(code, file);
  return module.exports;
};

const external = [
  // One with that of the process which runs the program.
  "@pulumi/*",
  // Seldom needed, and then loaded.
  "@kubernetes/client-node",
  "hpagent",
  "socks-proxy-agent",
];

/**
 * A stack with TypeScript's lines is for an error that nobody foresaw, and made only then. Before, the SDK asks for the
 * stack of every promise, and would look up each line of each in source maps, its own packages' too.
 */
function whenItFails(readMap) {
  const formatMapped = Error.prepareStackTrace;
  Error.prepareStackTrace = undefined;
  const explain = () => {
    Error.prepareStackTrace = formatMapped;
    readMap();
  };
  process.once("uncaughtExceptionMonitor", explain);
  // By itself a listener would keep Node from ending the process.
  if (process.listenerCount("unhandledRejection") > 0)
    process.prependOnceListener("unhandledRejection", explain);
}
