import assert from "node:assert/strict";
import { s3 } from "../../../backends/s3";
import { checkConfiguration } from "../../../config";
import { onS3, problem, problems } from "../support/configuration";

const keysFromClaim = { s3AccessKey: "", s3SecretKey: "" };

describe("backend s3", () => {
  const stored = (section: object) => s3(checkConfiguration(onS3(section), "dev")).storage.s3;

  it("encrypts on AWS, and elsewhere only when it is told to: a store without keys of its own refuses every push", () => {
    const regionEndpoint = "https://minio.example.com";
    assert.equal(stored({})?.encrypt, true);
    assert.equal(stored({ regionEndpoint })?.encrypt, undefined);
    assert.equal(stored({ regionEndpoint, encrypt: true })?.encrypt, true);
    assert.equal(stored({ encrypt: false })?.encrypt, undefined);
  });

  it("has an endpoint that does not name the bucket: the registry adds it itself", () => {
    for (const regionEndpoint of ["https://minio.example.com/images", "https://images.s3.example.com"])
      assert.match(problem(onS3({ regionEndpoint })), /^s3\.regionEndpoint: .* names the bucket/);
    for (const regionEndpoint of [
      "https://minio.example.com",
      "http://minio:9000/",
      "https://x.example.com/s3",
    ])
      assert.deepEqual(problems(onS3({ regionEndpoint })), []);
    assert.match(problem(onS3({ regionEndpoint: "https://me:word@minio" })), /holds a user; keys go into/);
    assert.match(problem(onS3({ regionEndpoint: "https://minio?x=1" })), /has a query/);
    assert.match(problem(onS3({ regionEndpoint: "https://minio\u200b" })), /a letter beyond ASCII in it/);
    assert.match(problem(onS3({ regionEndpoint: "https://minio:0" })), /has port 0/);
  });

  it("has keys without the line end of the file that they came from, and does not show them", () => {
    const told = problem({ ...onS3(), s3AccessKey: "AKIA-AN-ACCESS-KEY\n" });
    assert.match(told, /^s3AccessKey: \[secret\] has a blank, a line end or a letter beyond ASCII in it/);
    assert.match(problem({ ...onS3(), s3SecretKey: " " }), /^s3SecretKey: .* has a blank/);
  });

  it("has the name of a bucket, no URL and no path", () => {
    for (const bucket of ["s3://images", "images/registry", "a bucket", "im..ages", "10.0.0.1"])
      assert.match(problem(onS3({ bucket })), /^s3\.bucket: .* is not the name of a bucket/);
    assert.equal(problem(onS3({ bucket: undefined })), "s3.bucket: is missing (must be a string)");
    for (const region of [" ", "us-east-1 ", "größe", "us-east-1\u200b", "$(id)"])
      assert.match(problem(onS3({ region })), /^s3\.region: .* is not the name of a region/);
    assert.equal(problem(onS3({ region: undefined })), "s3.region: is missing (must be a string)");
  });

  it("has bucket and keys from its ObjectBucketClaim, or from the stack, not from both", () => {
    const claimed = (objectBucketClaim: string, more: object = {}) => ({
      ...onS3({ objectBucketClaim, bucket: undefined, region: undefined }),
      ...keysFromClaim,
      ...more,
    });
    for (const name of ["registry", "openshift-storage/registry"])
      assert.deepEqual(problems(claimed(name)), []);
    assert.match(
      problem(claimed("a/b/c")),
      /^s3\.objectBucketClaim: "a\/b\/c" is not the name of an ObjectBucketClaim/,
    );
    assert.match(
      problem({ ...onS3({ objectBucketClaim: "a" }), ...keysFromClaim }),
      /^s3\.bucket: .*comes from s3\.objectBucketClaim/,
    );
    assert.match(
      problem(claimed("a", { s3AccessKey: "x" })),
      /^s3AccessKey: \[secret\] comes from s3\.objectBucketClaim/,
    );
  });

  it("has a Secret for CloudFront's key, and a URL", () => {
    const cloudFront = {
      baseURL: "https://cdn.example.com",
      keypairID: "K1",
      privateKey: { name: "cdn", key: "pem" },
    };
    assert.deepEqual(problems(onS3({ cloudFront })), []);
    assert.match(
      problem(onS3({ cloudFront: { ...cloudFront, baseURL: "cdn" } })),
      /baseURL: "cdn" is not a URL/,
    );
    assert.match(
      problem(onS3({ cloudFront: { ...cloudFront, privateKey: { key: "pem" } } })),
      /privateKey\.name: is missing/,
    );
    assert.match(
      problem({ ...onS3({ cloudFront }), platform: "standalone" }),
      /^s3\.cloudFront: .*operator alone/,
    );
  });
});
