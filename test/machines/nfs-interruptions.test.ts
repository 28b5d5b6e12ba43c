import assert from "node:assert/strict";

import { serverScript } from "../../hosts";
import { clientNetworks, converge, must, onMachines, runServer, serverSpec } from "./nfs-machines";

/** Differs from the usual one everywhere a file is written: exports, protocols, firewall. */
const otherSpec = serverSpec({ protocols: { nfs3: true } }, { clients: [...clientNetworks, "10.97.4.0/24"] });

describe("a run that is disturbed", function () {
  const machines = onMachines(this, "server");
  before(async () => void (await converge(machines().server)));

  it("is completed by the next one, wherever kill -9 struck, and SSH stays up", async () => {
    const { server } = machines();
    await must(server, "cat >/run/a.sh", { input: serverScript(otherSpec) });
    await must(server, "cat >/run/b.sh", { input: serverScript(serverSpec()) });
    // Alternating, so that every run has something to do; each is killed after it has printed a little more.
    const steps = [1, 3, 6, 11];
    for (const [index, lines] of steps.entries()) {
      const script = index % 2 === 0 ? "/run/a.sh" : "/run/b.sh";
      await must(
        server,
        `coproc setsid bash --norc ${script} apply 2>&1; pid=$COPROC_PID; ` +
          `n=0; while [ $n -lt ${lines} ] && read -r _ <&"\${COPROC[0]}"; do n=$((n+1)); done 2>/dev/null; ` +
          `kill -9 -- "-$pid" 2>/dev/null; wait 2>/dev/null; true`,
      );
    }
    await converge(server);
    await converge(server, serverSpec(), "check");
    assert.equal(await must(server, "find /etc /var/lib/image-registry -name '.*.new' | wc -l"), "0");
  });

  it("fails on a full disk without harm, and converges once there is room", async () => {
    const { server } = machines();
    const before = await must(server, "cat /etc/exports.d/registry-*.exports");
    await must(
      server,
      "fallocate -l $(df -B1 --output=avail / | tail -n 1) /var/fill; cat /dev/zero >/var/fill2 2>/dev/null || true",
    );
    const { exitCode, stderr } = await runServer(
      server,
      "apply",
      serverSpec({}, { clients: ["10.97.1.0/24"] }),
    );
    assert.equal(exitCode, 1);
    assert.match(stderr, /error: cannot write .*; is the disk full\?/);
    assert.equal(await must(server, "cat /etc/exports.d/registry-*.exports"), before);
    await must(server, "rm /var/fill /var/fill2");
    await converge(server);
    await converge(server, serverSpec(), "check");
  });
});
