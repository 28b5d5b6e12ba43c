import * as path from "node:path";

import { startControlPlane, type ControlPlane, type StartOptions } from "./control-plane";
import { installCrds } from "./crds";

/** A cluster as the program meets it: a control plane and the registry operator's CRDs. */
export async function startSandbox(options: StartOptions = {}): Promise<ControlPlane> {
  const controlPlane = await startControlPlane(options);
  await installCrds(controlPlane.kubeconfig, path.resolve(__dirname, "../crds"));
  return controlPlane;
}
