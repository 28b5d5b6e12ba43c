import { describeStorage } from "../../backends/stores";
import type { RegistryFinding } from "../finding";
import { ailmentText, fullText } from "./conditions";
import type { Texts } from "./texts";

const whyNotFollowed = {
  "only pods know the name": "a name that only pods of the cluster know",
  "plain HTTP": "plain HTTP, which they take for an attack",
} as const;

export const registryTexts: Texts<RegistryFinding> = {
  "redirect is not followed": ({ endpoint, because }) =>
    `pulls are redirected to ${endpoint}, ${whyNotFollowed[because]}: nodes and clients cannot follow; set ` +
    `registry.disableRedirect: true, and the registry hands layers out itself`,
  "part is unwell": ({ part }) => ailmentText(part),
  "store is nearly full": ({ room }) => `${fullText(room)}; pushes fail when it is full`,
  "Config was made anew": ({ managementState, storage }) =>
    `the live Config holds nothing of this stack: it was deleted and made anew by the operator ` +
    `(managementState ${managementState}, storage ${describeStorage(storage)}); will write all of it again`,
};
