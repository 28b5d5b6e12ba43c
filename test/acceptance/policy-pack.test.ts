import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { credentials } from "@grpc/grpc-js";
import { AnalyzerClient } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import {
  AnalyzeRequest,
  AnalyzerResourceOptions,
  ConfigureAnalyzerRequest,
  EnforcementLevel,
  PolicyConfig,
  type AnalyzeResponse,
  type AnalyzerInfo,
} from "@pulumi/pulumi/proto/analyzer_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { policies } from "../../policy/policies";

const directory = path.resolve(__dirname, "../../policy");
const configPatch = "kubernetes:imageregistry.operator.openshift.io/v1:ConfigPatch";

/** Started as Pulumi's language host starts it: in its folder, with the engine's address and the folder. */
describe("the policy pack", function () {
  this.timeout(120_000);
  let pack: ChildProcess;
  let client: AnalyzerClient;

  before(async () => {
    const runner = require.resolve("@pulumi/pulumi/cmd/run-policy-pack");
    const stdio: ["ignore", "pipe", "inherit"] = ["ignore", "pipe", "inherit"];
    pack = spawn(process.execPath, [runner, "127.0.0.1:1", directory], { cwd: directory, stdio });
    const port = await new Promise<string>((resolve, reject) => {
      createInterface(pack.stdout!).once("line", resolve);
      pack.once("exit", (code) => reject(new Error(`the pack ended with ${code}`)));
    });
    client = new AnalyzerClient(`127.0.0.1:${port}`, credentials.createInsecure());
  });

  after(() => {
    client?.close();
    pack?.kill();
  });

  it("starts without a build, with all its rules", async () => {
    const info = await new Promise<AnalyzerInfo>((resolve, reject) =>
      client.getAnalyzerInfo(new Empty(), (error, answer) => (error ? reject(error) : resolve(answer))),
    );
    assert.deepEqual(
      info.getPoliciesList().map((policy) => policy.getName()),
      policies.map(({ name }) => name),
    );
  });

  it("takes for production the stacks whose name says so, and those that its configuration names", async () => {
    assert.deepEqual(await refused("prod"), ["no-empty-dir-in-production", "registry-on-infra-nodes"]);
    assert.deepEqual(await refused("live.eu"), ["no-empty-dir-in-production", "registry-on-infra-nodes"]);
    assert.deepEqual(await refused("dev"), []);
    await configure({ "no-empty-dir-in-production": { stacks: ["eu-*", "us.1"] } });
    assert.deepEqual(await refused("eu-1"), ["no-empty-dir-in-production"]);
    assert.deepEqual(await refused("us.1"), ["no-empty-dir-in-production"]);
    assert.deepEqual(await refused("us-1"), []);
    assert.deepEqual(await refused("prod"), ["no-empty-dir-in-production", "registry-on-infra-nodes"]);
  });

  it("says that secrets cannot be judged at a level at which it is not told of them", async () => {
    assert.deepEqual(await refused("dev", "pulumi:pulumi:Stack"), ["secrets-encrypted"]);
    assert.deepEqual(await refused("dev"), []);
  });

  async function configure(config: Record<string, Record<string, string[]>>): Promise<void> {
    const request = new ConfigureAnalyzerRequest();
    for (const [name, properties] of Object.entries(config)) {
      const policy = new PolicyConfig();
      policy.setProperties(Struct.fromJavaScript(properties));
      policy.setEnforcementlevel(EnforcementLevel.MANDATORY);
      request.getPolicyconfigMap().set(name, policy);
    }
    await new Promise<void>((resolve, reject) =>
      client.configure(request, (error) => (error ? reject(error) : resolve())),
    );
  }

  /** The rules against a registry on an emptyDir, anywhere. */
  async function refused(stack: string, type = configPatch): Promise<string[]> {
    const request = new AnalyzeRequest();
    request.setType(type);
    request.setUrn(`urn:pulumi:${stack}::image-registry::${type}::registry`);
    request.setProperties(Struct.fromJavaScript({ spec: { replicas: 1, storage: { emptyDir: {} } } }));
    request.setOptions(new AnalyzerResourceOptions());
    const response = await new Promise<AnalyzeResponse>((resolve, reject) =>
      client.analyze(request, (error, answer) => (error ? reject(error) : resolve(answer))),
    );
    return response.getDiagnosticsList().map((one) => one.getPolicyname());
  }
});
