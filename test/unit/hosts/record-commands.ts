import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";

/** A remote command as a component registered it. */
export interface RecordedCommand {
  readonly name: string;
  /** Its inputs; secrets stay the marker objects in which they travel. */
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly retainOnDelete: boolean;
  readonly deleteBeforeReplace: boolean;
  readonly dependencies: readonly string[];
}

/** The signature under which a secret travels among the inputs. */
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

export const isSecret = (input: unknown): boolean =>
  typeof input === "object" && input !== null && Object.values(input).includes(secretSignature);

/** Runs `make` under mocks; returns its remote commands. Any other resource, and any call, is an error. */
export async function recordCommands(make: () => unknown): Promise<RecordedCommand[]> {
  const inputs = new Map<string, Record<string, unknown>>();
  const requests: RegisterResourceRequest[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: (resource) => {
        const given = resource.inputs as Record<string, unknown>;
        if (resource.type === "command:remote:Command") inputs.set(resource.name, given);
        else if (resource.custom !== false) throw new Error(`unexpected resource ${resource.type}`);
        return { id: resource.name, state: { ...given, stdout: `ran ${resource.name}` } };
      },
      call: ({ token }) => {
        throw new Error(`unexpected call ${token}`);
      },
    },
    "image-registry",
    "test",
    false,
    "organization",
  );
  const monitor = pulumi.runtime.getMonitor() as unknown as Record<
    "registerResource",
    (...args: unknown[]) => unknown
  >;
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, ...rest) => {
    requests.push(request as RegisterResourceRequest);
    return register(request, ...rest);
  };
  // runInPulumiStack waits until everything that was registered is done.
  await pulumi.runtime.runInPulumiStack(() => Promise.resolve(make() as object));
  return requests
    .filter((request) => request.getType() === "command:remote:Command")
    .map((request) => ({
      name: request.getName(),
      inputs: inputs.get(request.getName()) ?? {},
      retainOnDelete: request.getRetainondelete() ?? false,
      deleteBeforeReplace: request.getDeletebeforereplace(),
      dependencies: request.getDependenciesList().map((urn) => urn.split("::").at(-1) ?? ""),
    }));
}
