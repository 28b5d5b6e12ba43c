import assert from "node:assert/strict";
import { withoutBlanks } from "../../../kubernetes/blank";
import { setByOthers } from "../../../platforms/operator/drift";

describe("the settings of the registry", () => {
  it("are sent without blank values: the operator takes those out, and a refresh would find drift for ever", () => {
    const settings = { defaultRoute: true, readOnly: false, routes: [], proxy: {}, logLevel: "" as const };
    assert.deepEqual(withoutBlanks(settings), { defaultRoute: true });
  });

  it("asked to be blank are taken from a manager that set them", () => {
    const live = { replicas: 1, defaultRoute: true, readOnly: true };
    assert.deepEqual(setByOthers(live, { defaultRoute: false, disableRedirect: false }), ["defaultRoute"]);
  });

  it("that were not given are left to whoever set them", () => {
    assert.deepEqual(setByOthers({ replicas: 1, readOnly: true }, {}), []);
  });
});
