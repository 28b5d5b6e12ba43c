// Pulumi hands no nodeargs to a policy pack and loads its TypeScript by ts-node, which checks types at every preview. tsx,
// registered after it, takes over; types are checked by `npm run typecheck`.
require("tsx/cjs");
require("./pack.ts");
