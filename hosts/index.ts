export * from "./client-script";
export * from "./export-checks";
export * from "./export-spec";
export { command, type Mode } from "./script";
export { serverScript } from "./server-script";
