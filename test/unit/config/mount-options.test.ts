import assert from "node:assert/strict";
import { onHost, onNfs, problem, problems } from "../support/configuration";

const mounted = (...mountOptions: string[]) => onNfs({ mountOptions });
const served = (host: object, ...mountOptions: string[]) => {
  const raw = onHost(host);
  return { ...raw, nfs: { ...raw.nfs, mountOptions } };
};

describe("nfs.mountOptions", () => {
  it("take what nfs(5) and mount(8) have for a volume", () => {
    const good = [
      [],
      ["nfsvers=4.2", "hard"],
      ["vers=4", "minorversion=1"],
      ["v3", "nolock", "mountproto=tcp", "rsize=1048576", "timeo=600"],
      ["nfsvers=4.1", "hard", "noresvport", "nconnect=16", "noatime", "sec=krb5:krb5p"],
      ["rw", "proto=tcp6", "actimeo=60", "context=system_u:object_r:container_file_t:s0", "fsc=images"],
    ];
    for (const options of good) assert.deepEqual(problems(mounted(...options)), [], options.join());
  });

  it("are refused one by one for what the registry cannot use", () => {
    const cases: [string, RegExp][] = [
      ["intr", /"intr" has had no effect since/],
      ["ro", /"ro" mounts read-only, and every push would fail/],
      ["soft", /"soft" gives up on writes .*use hard/],
      ["bg", /"bg" lets the pod start while nothing is mounted/],
      ["udp", /"udp" is UDP/],
      ["proto=udp", /"proto=udp" is UDP, .*use proto=tcp/],
      ["mountproto=udp6", /is UDP/],
      ["nfsvers=2", /"nfsvers=2" is no version of NFS that is served; there are 3, 4, /],
      ["vers=5", /is no version/],
      ["v2", /"v2" is no/],
      ["sec=krb6", /has flavour "krb6"; there are sys, krb5, /],
      ["hrad", /"hrad" is no option of nfs\(5\); did you mean "hard"\?/],
      ["timeo=soon", /"timeo=soon" needs a whole number/],
      ["timeo", /"timeo" needs a value/],
      ["hard=1", /"hard=1" takes no value/],
      ["nconnect=99", /is not 1 to 16/],
      ["port=99999", /is no port/],
      ["nofail", /"nofail" is for \/etc\/fstab/],
      ["bind", /"bind" is for mount\(8\) by hand/],
      ["a,b", /"a,b" is not one mount option/],
    ];
    for (const [option, message] of cases) {
      assert.match(problem(mounted("hard", option)), /^nfs\.mountOptions\[1\]: /, option);
      assert.match(problem(mounted("hard", option)), message);
    }
  });

  it("are refused where two of them fight", () => {
    const cases: [string[], RegExp][] = [
      [["nfsvers=4.2", "v3"], /^nfs\.mountOptions\[1\]: "v3" contradicts "nfsvers=4\.2"; keep one/],
      [["vers=4.1", "nfsvers=4.1"], /says again what "vers=4\.1" says/],
      [["ac", "noac"], /"noac" contradicts "ac"/],
      [["tcp", "proto=rdma"], /"proto=rdma" contradicts "tcp"/],
      [["sec=sys", "sec=krb5"], /contradicts "sec=sys"/],
      [["timeo=600", "timeo=100"], /contradicts "timeo=600"/],
      [["nfsvers=4.2", "minorversion=1"], /"minorversion=1" goes with nfsvers=4 alone/],
      [["nfsvers=4.2", "mountport=20048"], /has no effect on NFSv4/],
    ];
    for (const [options, message] of cases) assert.match(problem(mounted(...options)), message);
  });

  it("are refused where the host that the stack makes would not serve them", () => {
    const cases: [object, string[], RegExp][] = [
      [{}, ["v3"], /^nfs\.mountOptions: .*ask for v3, which the host serves only with nfs\.host\.nfs3: true/],
      [{ security: "krb5p" }, ["sec=sys"], /ask for sec=sys, .*nfs\.host\.security is "krb5p"/],
      [{}, ["sec=krb5p"], /nfs\.host\.security is "sys"/],
      [{}, ["port=20490"], /the host serves on 2049/],
      [{}, ["rdma"], /the host serves over TCP alone/],
      [{}, ["noresvport"], /the host serves who comes from a port below 1024/],
    ];
    for (const [host, options, message] of cases) assert.match(problem(served(host, ...options)), message);
    for (const [host, options] of [
      [{ nfs3: true }, ["v3"]],
      [{ security: "sys:krb5p" }, ["sec=krb5p", "port=2049", "proto=tcp", "noresvport"]],
    ] as [object, string[]][])
      assert.deepEqual(problems(served(host, ...options)), []);
  });
});
