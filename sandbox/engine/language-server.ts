import {
  type sendUnaryData,
  Server,
  ServerCredentials,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import { RunResponse } from "@pulumi/pulumi/proto/language_pb";

// The Automation API's own, which the SDK leaves out of its type declarations. Stack.up and its kind would do, but they
// ask the CLI three times more for what nobody here reads.
const automationServer: string = "@pulumi/pulumi/automation/server";
type LanguageServer = new (program: PulumiFn) => UntypedServiceImplementation & {
  run(call: unknown, callback: sendUnaryData<RunResponse>): unknown;
};

/** A program that waits for an engine to run it, in this process. */
export interface ServedProgram {
  /** For the CLI's --client. */
  readonly address: string;
  close(): void;
}

/** Serves a program as Pulumi's language hosts do: each run of the engine executes it anew. */
export async function serveProgram(program: PulumiFn): Promise<ServedProgram> {
  const { LanguageServer } = (await import(automationServer)) as { LanguageServer: LanguageServer };
  const server = new Server();
  server.addService(LanguageRuntimeService, toldOnce(new LanguageServer(program)));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  // What a program rejects is the engine's to tell, also when it comes late; others here would take it for their own.
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  const ignore = () => undefined;
  process.on("unhandledRejection", ignore);
  return {
    address: `127.0.0.1:${port}`,
    close() {
      server.forceShutdown();
      process.off("unhandledRejection", ignore);
      for (const other of others) process.on("unhandledRejection", other);
    },
  };
}

/** A run that failed ends as with the Node language host: its error was told already, and once is enough. */
function toldOnce(host: InstanceType<LanguageServer>): UntypedServiceImplementation {
  const run = host.run.bind(host);
  host.run = (call, callback) => {
    let isOver = false;
    return run(call, (error, response) => {
      if (isOver) return; // the SDK answers once more after an error
      isOver = true;
      const bail = new RunResponse();
      bail.setBail(true);
      callback(null, error ? bail : response);
    });
  };
  return host;
}
