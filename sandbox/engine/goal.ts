import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import type { ResourceState } from "./state";
import { isMap, type PropertyMap } from "./values";

/** A resource as the program wants it. */
export interface Goal {
  /** What its state is going to be, outputs and id apart. */
  resource: ResourceState;
  deleteBeforeReplace: boolean | undefined;
  ignoreChanges: string[];
  replaceOnChanges: string[];
  additionalSecretOutputs: string[];
}

export function goalFrom(request: RegisterResourceRequest, project: string, stack: string): Goal {
  if (request.getImportid() !== "") throw new Error("the sandbox's engine cannot import resources");
  const [parent, type] = [request.getParent(), request.getType()];
  const deletedWith = request.getDeletedwith();
  const provider = request.getProvider();
  const timeouts = request.getCustomtimeouts();
  return {
    resource: {
      urn: urnOf(project, stack, parent, type, request.getName()),
      type,
      custom: request.getCustom(),
      inputs: request.getObject()?.toJavaScript() ?? {},
      outputs: {},
      ...(parent !== "" && { parent }),
      // A provider reference is the provider's URN and its id, which a preview does not know.
      ...(provider !== "" && { provider: provider.slice(0, provider.lastIndexOf("::")) }),
      dependencies: request.getDependenciesList(),
      propertyDependencies: propertyDependenciesOf(request),
      protect: request.getProtect() ?? false,
      retainOnDelete: request.getRetainondelete() ?? false,
      ...(deletedWith !== "" && { deletedWith }),
      timeouts: {
        ...seconds("create", timeouts?.getCreate()),
        ...seconds("update", timeouts?.getUpdate()),
        ...seconds("delete", timeouts?.getDelete()),
      },
      hooks: hooksOf(request),
      initErrors: [],
    },
    deleteBeforeReplace: request.getDeletebeforereplacedefined()
      ? request.getDeletebeforereplace()
      : undefined,
    ignoreChanges: request.getIgnorechangesList(),
    // The SDK's and the diff's spellings of one path differ in their quotes.
    replaceOnChanges: request.getReplaceonchangesList().map((path) => path.replace(/\["([^".]+)"\]/g, ".$1")),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
  };
}

function urnOf(project: string, stack: string, parent: string, type: string, name: string): string {
  const parentType = parent.split("::")[2] ?? "";
  const nested = parentType === "" || parentType === "pulumi:pulumi:Stack" ? type : `${parentType}$${type}`;
  return `urn:pulumi:${stack}::${project}::${nested}::${name}`;
}

function propertyDependenciesOf(request: RegisterResourceRequest): Record<string, string[]> {
  const result: Record<string, string[]> = {};
  request.getPropertydependenciesMap().forEach((value, key) => (result[key] = value.getUrnsList()));
  return result;
}

function hooksOf(request: RegisterResourceRequest): ResourceState["hooks"] {
  const hooks = request.getHooks();
  return {
    beforeCreate: hooks?.getBeforeCreateList() ?? [],
    afterCreate: hooks?.getAfterCreateList() ?? [],
    beforeUpdate: hooks?.getBeforeUpdateList() ?? [],
    afterUpdate: hooks?.getAfterUpdateList() ?? [],
    beforeDelete: hooks?.getBeforeDeleteList() ?? [],
    afterDelete: hooks?.getAfterDeleteList() ?? [],
  };
}

/** A duration as Go writes it, `1h30m` or `90s`. */
function seconds(operation: string, text = ""): Record<string, number> {
  if (text === "") return {};
  const units: Record<string, number> = { h: 3600, m: 60, s: 1, ms: 0.001 };
  const parts = [...text.matchAll(/([\d.]+)(h|ms|m|s)/g)];
  if (parts.map(([part]) => part).join("") !== text) {
    throw new Error(`unable to parse customTimeout value "${text}"`);
  }
  const sum = parts.reduce((total, [, count, unit = ""]) => total + Number(count) * (units[unit] ?? 0), 0);
  return { [operation]: sum };
}

/** The new inputs with the old values at the paths the program asked to leave alone. */
export function ignoreChanges(inputs: PropertyMap, old: PropertyMap, paths: string[]): PropertyMap {
  return paths.reduce((result, path) => keepOld(result, old, path.split(".")), inputs);
}

function keepOld(inputs: PropertyMap, old: PropertyMap, [key, ...rest]: string[]): PropertyMap {
  if (key === undefined) return inputs;
  if (rest.length > 0) {
    const [inner, oldInner] = [inputs[key], old[key]];
    return isMap(inner) && isMap(oldInner) ? { ...inputs, [key]: keepOld(inner, oldInner, rest) } : inputs;
  }
  if (key in old) return { ...inputs, [key]: old[key] };
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => name !== key));
}
