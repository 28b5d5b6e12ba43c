interface Diff {
  adds?: Record<string, unknown>;
  updates?: Record<string, unknown>;
}

export interface UpdatePlan {
  resourcePlans: Record<
    string,
    { goal?: { custom: boolean; outputDiff?: Diff }; state?: Record<string, unknown> }
  >;
}

/** What the engine writes for a value that only the run itself will know. */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/**
 * Takes the outputs of components and of the stack out of what a plan holds an up to. They are what the registry says
 * of itself, such as its conditions: an up that changes it changes them, and the engine would call that a violation,
 * after it has done everything. Operations and the inputs of all resources stay as planned.
 */
export function withoutOutputs(plan: UpdatePlan): UpdatePlan {
  for (const { goal, state = {} } of Object.values(plan.resourcePlans)) {
    if (!goal || goal.custom) continue;
    const { adds = {}, updates = {} } = (goal.outputDiff ??= {});
    for (const name of Object.keys(state)) (name in adds ? adds : updates)[name] = unknown;
    Object.assign(goal.outputDiff, { adds, updates });
  }
  return plan;
}
