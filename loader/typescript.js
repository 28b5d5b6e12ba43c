// Lets `require` load TypeScript: `node --require ./loader/typescript.js FILE.ts`. Types are stripped in memory at every
// start, never kept on disk: what a cache holds is run, whoever wrote it. Checking them is `npm run typecheck`.
const { readFileSync } = require("node:fs");
const Module = require("node:module");
const { transformSync } = require("esbuild");
const { options } = require("./options");
require("./lazy-compiler");

function load(module, file) {
  const source = readFileSync(file, "utf8");
  const { code } = transformSync(source, { ...options, loader: "ts", sourcefile: file, sourcemap: "inline" });
  module._compile(code, file);
}

// First, as for TypeScript itself: of x.ts and x.js, `./x` means the former.
const others = { ...Module._extensions };
for (const extension of Object.keys(others)) delete Module._extensions[extension];
Object.assign(Module._extensions, { ".ts": load, ...others });

// Not for packages: the SDK writes a stack for every promise, and mapping those took half of the unit tests' time.
Module.setSourceMapsSupport(true, { nodeModules: false, generatedCode: false });
