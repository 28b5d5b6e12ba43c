import assert from "node:assert/strict";
import { cacheSeconds } from "../../../images/nfs-cache";

describe("how long a mount shows folders as they were", () => {
  const mount = (type: string, options: string) =>
    `proc /proc proc rw 0 0\nserver:/x /source ${type} ${options} 0 0\n`;

  it("is what NFS was told, else a minute, and never where it keeps nothing, or is no NFS", () => {
    assert.equal(cacheSeconds(mount("nfs4", "rw,vers=4.2,hard"), "/source"), 61);
    assert.equal(cacheSeconds(mount("nfs", "rw,acregmin=3,acdirmax=10"), "/source"), 11);
    assert.equal(cacheSeconds(mount("nfs4", "rw,noac,hard"), "/source"), 0);
    assert.equal(cacheSeconds(mount("ext4", "rw"), "/source"), 0);
    assert.equal(cacheSeconds(mount("nfs4", "rw"), "/other"), 0);
  });
});
