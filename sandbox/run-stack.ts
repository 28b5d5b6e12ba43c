import { UserError } from "../errors";
import type { ControlPlane } from "./control-plane";

export async function runStack(_: { stack: string; controlPlane: ControlPlane }): Promise<void> {
  return Promise.reject(new UserError("running a stack is not there yet"));
}
