/** @type {import("esbuild").TransformOptions} */
exports.options = {
  format: "cjs",
  platform: "node",
  target: "node22",
  sourcesContent: false,
  // Node's own import() would not come back to this loader.
  supported: { "dynamic-import": false },
  logLevel: "silent",
};
