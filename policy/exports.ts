import type { ResourceValidationPolicy } from "@pulumi/policy";
import { exportsIn, exportProblem } from "../hosts/exports-in-text";
import { texts } from "./texts";

/** Reads the exports(5) lines off what is sent to a host, whether a component wrote them or somebody's own command. */
export const noWorldOpenExport: ResourceValidationPolicy = {
  name: "no-world-open-export",
  description: "An NFS export names the networks it is for, and trusts no client's root.",
  enforcementLevel: "mandatory",
  validateResource: ({ type, props }, report) => {
    if (!type.startsWith("command:")) return;
    for (const { path, text } of texts(sent(props))) {
      for (const entry of exportsIn(text)) {
        const problem = exportProblem(entry);
        if (problem) report(`${path} exports ${entry.path}: ${problem}`);
      }
    }
  },
};

// What runs, and what it reads; values of other inputs, not known yet, are no reason to say nothing.
function sent({ create, update, stdin }: Record<string, unknown>): object {
  return { create, update, stdin };
}
