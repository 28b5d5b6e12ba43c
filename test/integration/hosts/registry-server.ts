import { serverScript, type ServerSpec } from "../../../hosts";

const exported = { id: "registry", path: "/srv/registry", clients: ["10.0.0.0/24"], uid: 5000, gid: 5000 };

/** The script of stack prod's server, changed as told. */
export function registryServer(
  change: Partial<ServerSpec> = {},
  more: Partial<ServerSpec["export"]> = {},
): string {
  return serverScript({
    owner: { stack: "organization/image-registry/prod", cluster: "prod" },
    ...change,
    export: { ...exported, ...more },
  });
}
