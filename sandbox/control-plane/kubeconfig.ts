import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";

import { stringify } from "yaml";

import type { Client } from "./certificates";

/** The name of the kubeconfig's context, so that a stack can ask for it and never meet another cluster. */
export const contextName = "sandbox";

/** Writes a kubeconfig that holds its certificates itself, so that it can be copied anywhere. */
export function writeKubeconfig(
  file: string,
  { server, pki, client }: { server: string; pki: string; client: Client },
) {
  const base64 = (name: string) => readFileSync(path.join(pki, name)).toString("base64");
  const kubeconfig = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": contextName,
    contexts: [{ name: contextName, context: { cluster: contextName, user: client } }],
    clusters: [{ name: contextName, cluster: { server, "certificate-authority-data": base64("ca.crt") } }],
    users: [
      {
        name: client,
        user: {
          "client-certificate-data": base64(`${client}.crt`),
          "client-key-data": base64(`${client}.key`),
        },
      },
    ],
  };
  writeFileSync(file, stringify(kubeconfig), { mode: 0o600 });
}
