import type { Policies } from "@pulumi/policy";
import * as policyServer from "@pulumi/policy/server";
import {
  AnalyzeRequest,
  AnalyzerResource,
  AnalyzerResourceOptions,
  AnalyzeStackRequest,
} from "@pulumi/pulumi/proto/analyzer_pb";
import type { AnalyzeDiagnostic, AnalyzeResponse, RemediateResponse } from "@pulumi/pulumi/proto/analyzer_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { LiveOperator } from "../../../platforms/operator/live";
import { secretKeys } from "../../../config/schema";
import { policies } from "../../../policy/policies";
import { infraNode, node } from "../support/fixtures";
import { type Inputs, isSecret } from "../support/monitor";
import { previewOf } from "../support/program";

/** What the policies judge of a registration: all that is in it but its options. */
export interface Registration {
  readonly type: string;
  readonly name: string;
  /** As they go over the wire, secrets marked. */
  readonly wire: Inputs;
}

/** The same registrations, but for one input of the only resource of a type, which must be there. */
export function changed(
  resources: readonly Registration[],
  type: string,
  path: string,
  change: (value: unknown) => unknown,
): Registration[] {
  const those = resources.filter((one) => one.type === type);
  if (those.length !== 1) throw new Error(`${those.length} resources of type ${type}`);
  return resources.map((one) =>
    one === those[0] ? { ...one, wire: edited(one.wire, path.split("."), change) as Inputs } : one,
  );
}

// A secret stays one, unless the path ends at it.
function edited(value: unknown, [key, ...keys]: string[], change: (value: unknown) => unknown): unknown {
  if (value === undefined) throw new Error("no such input");
  if (key === undefined) return change(value);
  const container = value as Inputs;
  if (isSecret(value)) return { ...container, value: edited(container["value"], [key, ...keys], change) };
  return { ...container, [key]: edited(container[key], keys, change) };
}

const ran = new Map<string, Promise<Registration[]>>();

/** What the program registers in the first preview of a stack with this configuration, on a cluster that answers. */
export function registrations(
  values: Record<string, unknown>,
  found: Partial<LiveOperator> = {},
): Promise<Registration[]> {
  const key = JSON.stringify([values, found]);
  const registered = ran.get(key) ?? runProgram(values, found);
  ran.set(key, registered);
  return registered;
}

async function runProgram(
  values: Record<string, unknown>,
  found: Partial<LiveOperator>,
): Promise<Registration[]> {
  const nodes = [...["infra-0", "infra-1"].map(infraNode), node("worker-0"), node("worker-1")];
  return (await previewOf(values, { nodes, ...found }, secretKeys)).resources;
}

type Wire = Parameters<typeof Struct.fromJavaScript>[0];
type Callback<T> = (error: Error | null, response: T) => void;
type Handler<Q, R> = (call: { request: Q }, callback: Callback<R>) => void;
type Make<Q, R> = (pack: string, version: string, level: string, policies: Policies) => Handler<Q, R>;

/** What the SDK keeps out of its typings: the server side of a policy pack, which the engine calls. */
const server = policyServer as unknown as {
  makeRemediateRpcFun: Make<AnalyzeRequest, RemediateResponse>;
  makeAnalyzeRpcFun: Make<AnalyzeRequest, AnalyzeResponse>;
  makeAnalyzeStackRpcFun: Make<AnalyzeStackRequest, AnalyzeResponse>;
};

/**
 * What a preview shows of the policies, "rule: message" each: every resource through remediations and then
 * validations, then the stack, in the engine's own words over the SDK's own server.
 */
export async function judge(resources: readonly Registration[], stack = "prod"): Promise<string[]> {
  const ask = <Q, R>(make: Make<Q, R>, request: Q) =>
    new Promise<R>((resolve, reject) =>
      make(
        "image-registry",
        "1",
        "mandatory",
        policies,
      )({ request }, (error, response) => (error ? reject(error) : resolve(response))),
    );
  const found: AnalyzeDiagnostic[] = [];
  for (const resource of resources) {
    const request = describe(new AnalyzeRequest(), resource, stack);
    const { length } = (await ask(server.makeRemediateRpcFun, request)).getRemediationsList();
    if (length) throw new Error(`${resource.name} was changed`);
    found.push(...(await ask(server.makeAnalyzeRpcFun, request)).getDiagnosticsList());
  }
  const whole = new AnalyzeStackRequest();
  whole.setResourcesList(resources.map((resource) => describe(new AnalyzerResource(), resource, stack)));
  found.push(...(await ask(server.makeAnalyzeStackRpcFun, whole)).getDiagnosticsList());
  return found.map((one) => `${one.getPolicyname()}: ${one.getMessage().split("\n").at(-1)}`);
}

function describe<T extends AnalyzeRequest | AnalyzerResource>(to: T, from: Registration, stack: string): T {
  to.setType(from.type);
  to.setName(from.name);
  to.setUrn(`urn:pulumi:${stack}::image-registry::${from.type}::${from.name}`);
  to.setProperties(Struct.fromJavaScript(JSON.parse(JSON.stringify(from.wire)) as Wire));
  to.setOptions(new AnalyzerResourceOptions());
  return to;
}
