import { credentials } from "@grpc/grpc-js";
import { CallbacksClient } from "@pulumi/pulumi/proto/callback_grpc_pb";
import { CallbackInvokeRequest, type CallbackInvokeResponse } from "@pulumi/pulumi/proto/callback_pb";
import {
  type RegisterResourceHookRequest,
  ResourceHookRequest,
  ResourceHookResponse,
} from "@pulumi/pulumi/proto/resource_pb";

/** The hooks that the program has registered, called back over gRPC where it said, as the engine does. */
export class Hooks {
  private readonly registered = new Map<string, RegisterResourceHookRequest>();
  private readonly clients: CallbacksClient[] = [];

  constructor(private readonly preview: boolean) {}

  register(hook: RegisterResourceHookRequest): void {
    this.registered.set(hook.getName(), hook);
  }

  /** Runs the hooks before a create, in order; a preview runs only those registered with onDryRun. */
  async run(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const hook = this.registered.get(name);
      if (!hook) throw new Error(`hook "${name}" was not registered`);
      if (this.preview && !hook.getOnDryRun()) continue;
      const error = await this.call(hook);
      if (error !== "") throw new Error(`before hook "${name}" failed: ${error}`);
    }
  }

  close(): void {
    for (const client of this.clients) client.close();
  }

  private async call(hook: RegisterResourceHookRequest): Promise<string> {
    const request = new CallbackInvokeRequest();
    request.setToken(hook.getCallback()?.getToken() ?? "");
    request.setRequest(new ResourceHookRequest().serializeBinary());
    const client = new CallbacksClient(hook.getCallback()?.getTarget() ?? "", credentials.createInsecure());
    this.clients.push(client);
    const response = await new Promise<CallbackInvokeResponse>((resolve, reject) => {
      client.invoke(request, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
    return ResourceHookResponse.deserializeBinary(response.getResponse_asU8()).getError();
  }
}
