// Pulumi hands no nodeargs to a policy pack, and would load its TypeScript by ts-node, which checks types at every preview.
require("../loader/bundle").bundled("policy/pack.ts");
