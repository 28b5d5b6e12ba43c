const Module = require("node:module");
const path = require("node:path");
const { buildSync } = require("esbuild");
const sourceMaps = require("source-map-support");
const { options } = require("./options");

const project = path.dirname(__dirname);

/**
 * Runs a TypeScript file of the project as one file with all that it imports, and returns what it exports. Bundling takes
 * less time than to find and load each module by itself, so it is done in memory at every start: never stale, and no cache.
 * @param {string} entry Path of the file in the project.
 */
exports.bundled = (entry) => {
  // As if it lay at the project's root: so that is where __dirname points, and packages are looked for.
  const file = path.join(project, `${entry}.js`);
  const { outputFiles } = buildSync({
    ...options,
    absWorkingDir: project,
    entryPoints: [entry],
    outfile: file,
    bundle: true,
    // The SDK is one with that of the process which runs the program; the other is for an old kind of login alone.
    external: ["@pulumi/*", "@kubernetes/client-node"],
    mainFields: ["module", "main"],
    sourcemap: "external",
    write: false,
  });
  const [map, code] = outputFiles.map(({ text }) => text);
  sourceMaps.install({ retrieveSourceMap: (source) => (source === file ? { url: file, map } : null) });
  const module = new Module(file);
  module.filename = file;
  module.paths = Module._nodeModulePaths(project);
  module._compile(code, file);
  return module.exports;
};
