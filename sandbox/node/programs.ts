import * as path from "node:path";

import { buildTools, type BuildOptions } from "../tools/build";
import { versionStamp } from "../tools/kubernetes";

const kubelet = path.join(__dirname, "kubelet");

/** The folders with what makes a machine a node: containerd, its shim, `ctr`, `pause` and the kubelet. */
export async function buildNodePrograms(options: BuildOptions): Promise<string[]> {
  const runtime = {
    name: "containerd",
    module: __dirname,
    sources: ["pause/main.go"],
    announcement: "containerd: once, about a minute and a half on two cores",
  };
  const agent = {
    name: "kubelet",
    module: kubelet,
    announcement: "the kubelet: once, about a minute where the control plane was built before",
    linkerFlags: () => versionStamp(kubelet, options),
  };
  return [await buildTools(runtime, options), await buildTools(agent, options)];
}
