export * from "./client-script";
export * from "./export-checks";
export * from "./export-spec";
export * from "./export-status";
export { checkHostKey } from "./host-key";
export { bash, command, type Mode } from "./script";
export { serverScript } from "./server-script";
export { sshCommandLine, sshEnvironment, type SshConnection } from "./ssh";
export { runOverSsh } from "./ssh-run";
