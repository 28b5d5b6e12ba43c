import { credentials } from "@grpc/grpc-js";
import { CallbacksClient } from "@pulumi/pulumi/proto/callback_grpc_pb";
import { CallbackInvokeRequest, type CallbackInvokeResponse } from "@pulumi/pulumi/proto/callback_pb";
import {
  type RegisterResourceHookRequest,
  ResourceHookRequest,
  ResourceHookResponse,
} from "@pulumi/pulumi/proto/resource_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { PropertyMap } from "./values";

export interface HookArgs {
  urn: string;
  id?: string;
  name: string;
  type: string;
  newInputs?: PropertyMap;
  oldInputs?: PropertyMap;
  newOutputs?: PropertyMap;
  oldOutputs?: PropertyMap;
}

/** The hooks the program has registered, called back over gRPC where it said, as the real engine does. */
export class Hooks {
  private readonly registered = new Map<string, RegisterResourceHookRequest>();
  private readonly clients = new Map<string, CallbacksClient>();

  constructor(
    private readonly preview: boolean,
    private readonly warn: (message: string, urn: string) => void,
  ) {}

  register(hook: RegisterResourceHookRequest): void {
    if (this.registered.has(hook.getName())) {
      throw new Error(`resource hook already registered for name "${hook.getName()}"`);
    }
    this.registered.set(hook.getName(), hook);
  }

  /** Runs the named hooks in order; a preview runs only those registered with onDryRun. */
  async run(names: readonly string[] = [], when: "before" | "after", args: HookArgs): Promise<void> {
    for (const name of names) {
      const hook = this.registered.get(name);
      if (!hook) throw new Error(`hook "${name}" was not registered`);
      if (this.preview && !hook.getOnDryRun()) continue;
      const error = await this.call(hook, args);
      if (error === "") continue;
      if (!hook.getIgnoreErrors()) throw new Error(`${when} hook "${name}" failed: ${error}`);
      this.warn(`${when} hook "${name}" failed: ${error}`, args.urn);
    }
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
  }

  private async call(hook: RegisterResourceHookRequest, args: HookArgs): Promise<string> {
    const request = new CallbackInvokeRequest();
    request.setToken(hook.getCallback()?.getToken() ?? "");
    request.setRequest(requestOf(args).serializeBinary());
    const client = this.client(hook.getCallback()?.getTarget() ?? "");
    const response = await new Promise<CallbackInvokeResponse>((resolve, reject) => {
      client.invoke(request, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
    return ResourceHookResponse.deserializeBinary(response.getResponse_asU8()).getError();
  }

  private client(target: string): CallbacksClient {
    const client = this.clients.get(target) ?? new CallbacksClient(target, credentials.createInsecure());
    this.clients.set(target, client);
    return client;
  }
}

function requestOf(args: HookArgs): ResourceHookRequest {
  const request = new ResourceHookRequest();
  request.setUrn(args.urn);
  request.setId(args.id ?? "");
  request.setName(args.name);
  request.setType(args.type);
  request.setNewInputs(struct(args.newInputs));
  request.setOldInputs(struct(args.oldInputs));
  request.setNewOutputs(struct(args.newOutputs));
  request.setOldOutputs(struct(args.oldOutputs));
  return request;
}

function struct(values: PropertyMap | undefined): Struct | undefined {
  return values && Struct.fromJavaScript(values as Parameters<typeof Struct.fromJavaScript>[0]);
}
