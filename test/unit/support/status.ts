import type { Status } from "../../../status/status";

/** Of a registry that serves what its stack asks for, and is well. */
export const serving: Status = {
  platform: "operator",
  context: "c",
  managementState: "Managed",
  replicas: { asked: 2, ready: 2 },
  storage: 'pvc "images"',
  converged: true,
  waitingFor: [],
  unwell: [],
  drift: [],
  conditions: [],
  addresses: [],
  pods: [],
};
