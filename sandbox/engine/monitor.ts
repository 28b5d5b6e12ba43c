import { type ServiceError, status } from "@grpc/grpc-js";
import { runtime } from "@pulumi/pulumi";
import {
  type RegisterResourceHookRequest,
  type RegisterResourceOutputsRequest,
  type RegisterResourceRequest,
  RegisterResourceResponse,
  type ResourceInvokeRequest,
  type SupportsFeatureRequest,
} from "@pulumi/pulumi/proto/resource_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Deployment } from "./deployment";
import { goalFrom } from "./goal";
import { Stopped } from "./report";
import type { ResourceState } from "./state";

type Callback<T> = (error: Partial<ServiceError> | null, answer?: T) => void;

const features = ["secrets", "resourceReferences", "deletedWith", "aliasSpecs", "resourceHooks"];

/**
 * Puts the deployment behind the SDK's mock monitor: the SDK then believes itself connected to an engine, and every
 * request of the program ends here.
 */
export async function attach(deployment: Deployment): Promise<void> {
  const { project, stack } = deployment.run;
  const refuse = (): never => {
    throw new Error("unreachable: the monitor below answers");
  };
  await runtime.setMocks(
    { newResource: refuse, call: refuse },
    project,
    stack,
    deployment.preview,
    "organization",
  );
  Object.assign(runtime.getMonitor() as object, {
    supportsFeature: (request: SupportsFeatureRequest, callback: Callback<{ getHassupport(): boolean }>) =>
      callback(null, { getHassupport: () => features.includes(request.getId()) }),

    registerResource: (request: RegisterResourceRequest, callback: Callback<RegisterResourceResponse>) =>
      answer(callback, async () => registered(await deployment.register(goalFrom(request, project, stack)))),

    registerResourceOutputs: (request: RegisterResourceOutputsRequest, callback: Callback<object>) =>
      answer(callback, async () => {
        await deployment.registerOutputs(request.getUrn(), request.getOutputs()?.toJavaScript() ?? {});
        return {};
      }),

    registerResourceHook: (request: RegisterResourceHookRequest, callback: Callback<object>) =>
      answer(callback, () => {
        deployment.hooks.register(request);
        return Promise.resolve({});
      }),

    invoke: (request: ResourceInvokeRequest, callback: Callback<never>) =>
      answer(callback, () => unsupported(`the function ${request.getTok()}`)),
    readResource: (request: { getType(): string }, callback: Callback<never>) =>
      answer(callback, () => unsupported(`reading resources (${request.getType()})`)),
  });
}

function unsupported(what: string): Promise<never> {
  return Promise.reject(new Error(`the sandbox's engine does not support ${what}`));
}

function answer<T>(callback: Callback<T>, work: () => Promise<T>): void {
  work().then(
    (value) => callback(null, value),
    (error: Error) =>
      callback({
        // This is how a stopped engine answers, and what the SDK then takes quietly.
        code: error instanceof Stopped ? status.UNAVAILABLE : status.UNKNOWN,
        message: error.message,
        details: error.message,
      }),
  );
}

function registered(resource: ResourceState): RegisterResourceResponse {
  const response = new RegisterResourceResponse();
  response.setUrn(resource.urn);
  response.setId(resource.id ?? "");
  const outputs = resource.custom ? resource.outputs : {};
  response.setObject(Struct.fromJavaScript(outputs as Parameters<typeof Struct.fromJavaScript>[0]));
  return response;
}
