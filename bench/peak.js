// Loaded into every Node of a measured run: the peak memory of each, in KiB, goes to a file.
const { appendFileSync } = require("node:fs");

process.on("exit", () => appendFileSync(process.env.BENCH_PEAK, `${process.resourceUsage().maxRSS}\n`));
