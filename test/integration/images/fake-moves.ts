import type {
  CoreV1Event,
  KubernetesObject,
  V1DeleteOptions,
  V1Pod,
  V1SelfSubjectAccessReview,
} from "@kubernetes/client-node";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import type { Storage } from "../../../backends/backend";
import { holdName } from "../../../images/hold";
import { connectionTo, httpServer, type LocalServer } from "../../unit/kubernetes/api-server";
import { asUser, LocalShell, type LocalStore } from "./local-store";

const namespace = "image-registry";

/** The part of an API server that a move uses, with the Job controller's part; it notes every write. */
export class FakeMoveCluster {
  readonly writes: string[] = [];
  readonly objects = new Map<string, KubernetesObject & Record<string, unknown>>();
  /** What reaches nobody any more: the program that asks has died. */
  isDead: (request: string) => boolean = () => false;
  /** The pods of the mover's Job, as long as that is there. */
  moverPods: V1Pod[] = [moverPod];
  /** What is said of the mover. */
  events: Partial<CoreV1Event>[] = [];
  /** `create jobs`: what this user may not do. */
  forbidden: string[] = [];
  claims: KubernetesObject[] = [{ metadata: { name: "old", namespace } }];
  private server: LocalServer | undefined;
  private uids = 0;

  async start(): Promise<this> {
    this.server = await httpServer((request, response) => {
      void text(request).then((body) => {
        const { pathname } = new URL(request.url ?? "", "http://cluster");
        const method = request.method ?? "";
        if (this.isDead(`${method} ${pathname}`)) return request.socket.destroy();
        const [code, found] = this.answer(method, pathname, body);
        response.writeHead(code).end(JSON.stringify(found ?? { message: "not found" }));
      });
    });
    return this;
  }

  stop(): Promise<void> | undefined {
    return this.server?.close();
  }

  get connection() {
    return connectionTo(`http://127.0.0.1:${this.server?.port}`);
  }

  get hold() {
    return this.objects.get(`configmaps/${holdName}`);
  }

  private answer(method: string, pathname: string, body: string): [number, unknown?] {
    if (pathname.endsWith("/selfsubjectaccessreviews")) {
      const { verb, resource } = (JSON.parse(body) as V1SelfSubjectAccessReview).spec.resourceAttributes!;
      return [201, { status: { allowed: !this.forbidden.includes(`${verb} ${resource}`) } }];
    }
    if (pathname.endsWith("/events")) return [200, { items: this.events }];
    const [, resource = "", name = ""] =
      /\/(jobs|configmaps|pods|persistentvolumeclaims)(?:\/(.+))?$/.exec(pathname) ?? [];
    const key = `${resource}/${name}`;
    if (method === "GET" && resource === "persistentvolumeclaims") return [200, { items: this.claims }];
    if (method === "GET" && name === "")
      return [200, { items: this.objects.has("jobs/image-registry-mover") ? this.moverPods : [] }];
    const found = this.objects.get(key);
    if (method === "GET") return found ? [200, found] : [404];
    this.writes.push(`${method} ${resource}`);
    if (method === "POST") {
      const made = JSON.parse(body) as KubernetesObject & Record<string, unknown>;
      if (this.objects.has(`${resource}/${made.metadata?.name}`)) return [409, { message: "already exists" }];
      made.metadata = { ...made.metadata, uid: `uid-${++this.uids}`, resourceVersion: "1" };
      this.objects.set(`${resource}/${made.metadata.name}`, made);
      return [201, made];
    }
    if (!found) return [404];
    if (method === "DELETE") {
      const { uid } = (JSON.parse(body) as V1DeleteOptions).preconditions ?? {};
      if (uid && uid !== found.metadata?.uid)
        return [409, { message: "the UID in the precondition is another" }];
      this.objects.delete(key);
    }
    return [200, found];
  }
}

const moverPod: V1Pod = {
  metadata: { name: "image-registry-mover-x2x4q", namespace, uid: "mover-pod" },
  spec: { containers: [{ name: "mover" }] },
  status: { phase: "Running", containerStatuses: [{ ready: true } as never] },
};

export function registryPod(uid = "pod-1", storage: Storage = { emptyDir: {} }): V1Pod {
  const { emptyDir, pvc } = storage;
  const volume = emptyDir ? { emptyDir } : { persistentVolumeClaim: { claimName: pvc?.claim ?? "" } };
  return {
    metadata: { name: `image-registry-${uid}`, namespace, uid },
    spec: { containers: [{ name: "registry" }], volumes: [{ name: "registry-storage", ...volume }] },
    status: { phase: "Running" },
  };
}

/** A pod's shell on this machine: its mounts are folders here. */
export class FakePodShell extends LocalShell {
  /** @default what there is */
  freeBytes: number | undefined;

  constructor(
    place: string,
    private readonly mounted: Readonly<Record<string, LocalStore>>,
    user: readonly string[] = asUser,
  ) {
    super(place, [...user, "sh", "-c"]);
  }

  override async run(script: string, streams: { stdin?: Readable; stdout: Writable }) {
    await this.before(script);
    if (this.freeBytes !== undefined && script.startsWith("df "))
      return this.prints(
        streams.stdout,
        `Filesystem 1024-blocks Used Available\nx 9 9 ${this.freeBytes / 1024} 9% /\n`,
      );
    const here = Object.entries(this.mounted).reduce(
      (text, [mount, { root }]) => text.replaceAll(`'${mount}`, `'${root}`),
      script,
    );
    return this.onThisMachine(here, streams);
  }

  private prints(stdout: Writable, line: string) {
    stdout.write(line);
    return { exitCode: 0, stderr: "" };
  }
}
