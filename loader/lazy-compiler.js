// The SDK loads the TypeScript compiler, a third of all that it loads, for functions that it is to serialize. Programs that
// have none never ask for it; it is there when somebody does.
const shim = require.resolve("@pulumi/pulumi/typescript-shim");

let compiler;
const lazily = new Proxy(
  {},
  {
    get: (_, name) => {
      if (compiler === undefined) {
        delete require.cache[shim];
        compiler = require(shim);
      }
      return compiler[name];
    },
  },
);

require.cache[shim] = { id: shim, filename: shim, loaded: true, exports: lazily };
