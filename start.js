// Pulumi starts the program here.
module.exports = require("./loader/bundle").bundled("index.ts");
