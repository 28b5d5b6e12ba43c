import assert from "node:assert/strict";
import { chmodSync, statSync } from "node:fs";
import { keepProtected, makeWritable, protect, unprotect } from "../../../images/write-protection";
import { asUser, LocalShell, LocalStore } from "./local-store";

for (const shell of [["sh"], ["busybox", "sh"]])
  describe(`a store that is protected from writing, by ${shell.join(" ")}`, () => {
    let store: LocalStore;
    beforeEach(() => {
      store = new LocalStore();
      store.push("shop/cart", "1");
    });
    afterEach(() => store.remove());

    const at = () => store.at(new LocalShell("pod x", [...asUser, ...shell, "-c"]));
    const attempt = async (script: string) => {
      const run = { stdout: process.stderr };
      return (await at().shell.run(`cd ${store.path("")} && ${script} 2>/dev/null`, run)).exitCode === 0;
    };
    const current = "repositories/shop/cart/_manifests/tags/1/current";

    it("takes no folder, no link over another, nor a change of one, but gives what it has", async () => {
      assert.equal(await protect(at()), undefined);
      const images = store.files();
      for (const script of [
        "mkdir blobs/sha256/zz",
        "mkdir -p repositories/other/_uploads",
        "touch repositories/shop/cart/_uploads",
        `printf x >${current}/link`,
        `touch ${current}/other`,
        `rm -f ${current}/link`,
      ])
        assert.ok(!(await attempt(script)), script);
      assert.ok(await attempt(`cat ${current}/link >/dev/null`));
      assert.deepEqual(store.files(), images);
      await unprotect(at());
      assert.ok(await attempt(`printf x >${current}/link && mkdir -p repositories/other/_uploads`));
    });

    it("is protected, too, where nobody has pushed yet", async () => {
      const empty = new LocalStore();
      try {
        assert.equal(await protect({ ...at(), root: empty.root }), undefined);
        assert.ok(!(await attempt(`mkdir ${empty.path("repositories/shop")}`)));
      } finally {
        empty.remove();
      }
    });

    it("gives the group its right back, too, where it had that", async () => {
      for (const mode of [0o755, 0o775]) {
        chmodSync(`${store.root}/docker`, mode);
        await protect(at());
        await unprotect(at());
        assert.equal(statSync(`${store.root}/docker`).mode & 0o777, mode);
      }
    });

    it("is opened by the pod itself when nothing is heard of who protected it", async () => {
      assert.equal(await protect(at(), { abandonedAfter: 0.2, lookEvery: 0.1 }), undefined);
      while (!store.canBeWritten()) await new Promise((resolve) => setTimeout(resolve, 50));
      assert.ok(!(await keepProtected(at())));
    });

    it("is kept only by who unprotects it, from then on", async () => {
      await protect(at(), { abandonedAfter: 0.2, lookEvery: 0.1 });
      assert.ok(await keepProtected(at()));
      await new Promise((resolve) => setTimeout(resolve, 600));
      assert.ok(!store.canBeWritten());
      await unprotect(at());
      assert.ok(store.canBeWritten());
    });

    it("is left alone by who unprotects what never was", async () => {
      chmodSync(store.path(`${current}/link`), 0o444);
      await unprotect(at());
      assert.ok(!(await attempt(`printf x >${current}/link`)));
      await makeWritable(at());
      assert.ok(await attempt(`printf x >${current}/link`));
    });
  });
