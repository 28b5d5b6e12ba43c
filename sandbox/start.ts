import * as path from "node:path";

import { startControlPlane, type ControlPlane, type ControlPlaneOptions } from "./control-plane";
import { installCrds } from "./crds";
import { startOperator } from "./operator";

/** A cluster as the program meets it: a control plane, the registry operator's CRDs and its stand-in. */
export async function startSandbox(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const controlPlane = await startControlPlane(options);
  await installCrds(controlPlane.kubeconfig, path.resolve(__dirname, "../crds"));
  await startOperator(controlPlane);
  return controlPlane;
}
