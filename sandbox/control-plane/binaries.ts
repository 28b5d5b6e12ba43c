import { cpSync, renameSync } from "node:fs";
import * as path from "node:path";

import { buildTools, type BuildOptions } from "../tools/build";
import { go } from "../tools/go";
import { versionStamp } from "../tools/kubernetes";

const module = path.dirname(__dirname);

/** The files of kwok's module that make a node Ready and keep it so, and let pods run and go. */
const stages = [
  "node/fast/node-initialize.yaml",
  "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
  "pod/fast/pod-ready.yaml",
  "pod/fast/pod-complete.yaml",
  "pod/fast/pod-delete.yaml",
];

/** The folder with the control plane's programs, built from sandbox/go.mod on the first call. */
export async function buildBinaries(options: BuildOptions): Promise<string> {
  return buildTools(
    {
      name: "bin",
      module,
      announcement: "Kubernetes, etcd and kwok: once, about six minutes on two cores",
      linkerFlags: () => versionStamp(module, options),
      complete: (folder) => complete(folder, options),
      recipe: stages,
    },
    options,
  );
}

async function complete(folder: string, options: BuildOptions): Promise<void> {
  renameSync(path.join(folder, "server"), path.join(folder, "etcd")); // go names it after its folder
  const kwok = await go(module, ["list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok"], options);
  for (const stage of stages) {
    cpSync(path.join(kwok, "kustomize/stage", stage), path.join(folder, "stages", path.basename(stage)));
  }
}
