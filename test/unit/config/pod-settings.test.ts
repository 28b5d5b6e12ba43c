import assert from "node:assert/strict";
import { checkConfiguration } from "../../../config";
import { dev, problem, problems } from "../support/configuration";

const registry = (settings: object) => ({ ...dev, registry: settings });
const resources = (requests: object, limits: object = {}) => registry({ resources: { requests, limits } });

describe("resources of the registry and the pruner", () => {
  it("are quantities as Kubernetes has them", () => {
    const good = [
      { cpu: "100m", memory: "256Mi" },
      { cpu: 1, memory: 1073741824 },
      { cpu: "0.5", memory: "1e9", "ephemeral-storage": "1.5Gi" },
    ];
    for (const requests of good) assert.deepEqual(problems(resources(requests, requests)), []);
    assert.deepEqual(problems(resources({ "example.com/nic": 1 }, { "example.com/nic": "1" })), []);
  });

  it("are refused where the API server would refuse the pod, or kill it", () => {
    const cases: [object, object, string][] = [
      [{ cpu: "lots" }, {}, 'requests.cpu: "lots" is not a quantity; write one such as 500m or 2'],
      [{ memory: "-1Gi" }, {}, 'requests.memory: "-1Gi" is less than the minimum, 0'],
      [{ cpu: "1.0005" }, {}, 'requests.cpu: "1.0005" is finer than 1m, a thousandth of a core'],
      [{}, { memory: "512" }, 'limits.memory: "512" is 512 bytes; write a unit, such as 512Mi'],
      [{}, { cpu: -1 }, "limits.cpu: -1 is less than the minimum, 0"],
      [{ memory: "512m" }, {}, 'requests.memory: "512m" is not whole bytes: m is a thousandth; write 512Mi'],
      [
        { cpus: 1 },
        {},
        "requests.cpus: 1 is for no resource of a container; there are cpu, memory, ephemeral-storage",
      ],
      [{ cpu: 2 }, { cpu: "500m" }, "requests.cpu: 2 is more than its limit, resources.limits.cpu: 500m"],
      [
        { memory: "2Gi" },
        { memory: "1024Mi" },
        'requests.memory: "2Gi" is more than its limit, resources.limits.memory: 1024Mi',
      ],
      [
        { "example.com/nic": 1 },
        {},
        "requests.example.com/nic: 1 must be the same as resources.limits.example.com/nic, which is missing",
      ],
    ];
    for (const [requests, limits, message] of cases) {
      assert.equal(problem(resources(requests, limits)), `registry.resources.${message}`);
      assert.equal(
        problem({ ...dev, pruner: { resources: { requests, limits } } }),
        `pruner.resources.${message}`,
      );
    }
  });
});

describe("registry.requests", () => {
  const requests = (kind: object) => registry({ requests: { write: kind } });

  it("limit, or not at all", () => {
    assert.deepEqual(problems(requests({ maxRunning: 10, maxInQueue: 5, maxWaitInQueue: "30s" })), []);
    assert.deepEqual(problems(requests({ maxRunning: 0 })), []);
  });

  it("are refused below 0, and where nothing is limited", () => {
    for (const key of ["maxRunning", "maxInQueue"])
      assert.equal(
        problem(requests({ [key]: -5 })),
        `registry.requests.write.${key}: -5 is less than the minimum, 0`,
      );
    assert.match(
      problem(requests({ maxInQueue: 5 })),
      /maxInQueue: 5 has no effect without registry\.requests\.write\.maxRunning/,
    );
    assert.match(
      problem(requests({ maxRunning: 1, maxWaitInQueue: "5s" })),
      /has no effect without .*maxInQueue/,
    );
  });
});

describe("registry.routes", () => {
  const routes = (...given: object[]) => registry({ routes: given });

  it("have a host name each, and no URL", () => {
    assert.deepEqual(
      problems(routes({ name: "public", hostname: "registry.example.com", secretName: "tls" })),
      [],
    );
    assert.equal(
      problem(routes({ name: "public", hostname: "https://registry.example.com/" })),
      'registry.routes[0].hostname: "https://registry.example.com/" is not a host name; write registry.example.com',
    );
    for (const hostname of [
      "registry.example.com:443",
      "registry_example",
      "*.example.com",
      "a b",
      "Registry.example.com",
    ])
      assert.match(
        problem(routes({ name: "public", hostname })),
        /^registry\.routes\[0\]\.hostname: .* is not a host name/,
      );
    assert.match(problem(routes({ name: "public", hostname: "192.0.2.1" })), /is an address; a router knows/);
  });

  it("have names of their own", () => {
    assert.match(
      problem(routes({ name: "a" }, { name: "a" })),
      /^registry\.routes\[1\]\.name: "a" is another route's/,
    );
    assert.match(
      problem(registry({ defaultRoute: true, routes: [{ name: "default-route" }] })),
      /is another route's/,
    );
    assert.match(problem(routes({ name: "Public" })), /is not an object name/);
    assert.match(
      problem(routes({ name: "a", hostname: "x.example.com" }, { name: "b", hostname: "x.example.com" })),
      /^registry\.routes\[1\]\.hostname: "x\.example\.com" is another route's/,
    );
  });
});

describe("registry.proxy", () => {
  it("is a URL or host:port", () => {
    for (const http of ["http://user:word@proxy:3128", "proxy:3128", "socks5://proxy:1080"])
      assert.deepEqual(problems(registry({ proxy: { http, https: http, noProxy: ".svc" } })), [], http);
    for (const https of [
      "ftp://proxy",
      "http://",
      "a proxy",
      "-1",
      "$(id)",
      "http://proxy:1\0",
      "http://größe",
    ])
      assert.match(
        problem(registry({ proxy: { https } })),
        /^registry\.proxy\.https: .* is not a proxy's URL/,
        https,
      );
  });
});

describe("the pruner", () => {
  it("counts from 0", () => {
    for (const key of ["keepTagRevisions", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"]) {
      assert.equal(
        problem({ ...dev, pruner: { [key]: -1 } }),
        `pruner.${key}: -1 is less than the minimum, 0`,
      );
      assert.deepEqual(problems({ ...dev, pruner: { [key]: 0 } }), []);
    }
  });
});

describe("affinity and topologySpreadConstraints", () => {
  const labelSelector = { matchLabels: { "docker-registry": "default" } };
  const spread = {
    maxSkew: 1,
    topologyKey: "topology.kubernetes.io/zone",
    whenUnsatisfiable: "DoNotSchedule",
    labelSelector,
  };
  const nodeTerm = (expression: object) => ({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [expression] }],
        },
      },
    },
  });

  it("pass as Kubernetes takes them", () => {
    assert.deepEqual(problems(registry({ topologySpreadConstraints: [spread] })), []);
    assert.deepEqual(problems(registry(nodeTerm({ key: "zone", operator: "In", values: ["a"] }))), []);
    assert.deepEqual(problems(registry(nodeTerm({ key: "cores", operator: "Gt", values: ["4"] }))), []);
  });

  it("are refused where the API server would refuse the pod, or where they have no effect", () => {
    const cases: [object, RegExp][] = [
      [
        nodeTerm({ key: "zone", operator: "Is", values: ["a"] }),
        /operator: "Is" must be one of In, .*Gt, Lt/,
      ],
      [nodeTerm({ key: "zone", operator: "In" }), /values: needs a value for operator In/],
      [
        nodeTerm({ key: "zone", operator: "Exists", values: ["a"] }),
        /values: .*which operator Exists does not take/,
      ],
      [nodeTerm({ key: "a b", operator: "Exists" }), /key: "a b" is not the key of a label/],
      [{ topologySpreadConstraints: [{ ...spread, maxSkew: 0 }] }, /maxSkew: 0 is less than the minimum, 1/],
      [
        { topologySpreadConstraints: [{ ...spread, whenUnsatisfiable: "Never" }] },
        /must be one of DoNotSchedule/,
      ],
      [
        { topologySpreadConstraints: [{ ...spread, labelSelector: undefined }] },
        /labelSelector: is missing, .*no effect/,
      ],
      [
        {
          affinity: {
            podAntiAffinity: {
              preferredDuringSchedulingIgnoredDuringExecution: [
                { weight: 500, podAffinityTerm: { topologyKey: "zone", labelSelector } },
              ],
            },
          },
        },
        /weight: 500 is not 1 to 100/,
      ],
    ];
    for (const [settings, message] of cases) assert.match(problem(registry(settings)), message);
  });
});

describe("text that `pulumi config set --path` wrote as a boolean or a number", () => {
  it("is text where text is meant", () => {
    const config = checkConfiguration(
      {
        ...dev,
        placement: {
          infra: true,
          nodeSelector: { "node-role.kubernetes.io/infra": true, tier: 1 },
          tolerations: [{ key: "infra", operator: "Equal", value: true, effect: "NoSchedule" }],
          nodes: [101],
        },
        registry: {
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: [
                  { matchExpressions: [{ key: "gpu", operator: "In", values: [false, 2] }] },
                ],
              },
            },
          },
        },
      },
      "dev",
    );
    assert.deepEqual(config.placement?.nodeSelector, { "node-role.kubernetes.io/infra": "true", tier: "1" });
    assert.equal(config.placement?.tolerations[0]?.value, "true");
    assert.deepEqual(config.placement?.nodes, ["101"]);
    assert.match(JSON.stringify(config.registry?.affinity), /"values":\["false","2"\]/);
    assert.deepEqual(problems({ ...dev, backend: "gcs", gcs: { bucket: 2026 } }), []);
  });

  it("is refused as a label where it could be none", () => {
    const selected = (nodeSelector: object) => problem({ ...dev, placement: { infra: true, nodeSelector } });
    assert.match(
      selected({ zone: "a b" }),
      /^placement\.nodeSelector\.zone: "a b" is not the value of a label/,
    );
    assert.match(selected({ "a b": "" }), /^placement\.nodeSelector: "a b" is not the key of a label/);
  });
});
