import type { Configuration } from "../config/schema";
import type { Backend, NfsVolume } from "./backend";
import { clientHostTask, exportHostTask } from "./nfs-hosts";
import { unservedNodes } from "./nfs-clients";
import { changesUnseen, conflictsOf, repairsOf } from "./nfs-volume";

/** A volume on an NFS export that the stack binds to a claim of its own; the export too, where its host is named. */
export function nfs(config: Configuration): Backend {
  const { nfs: section } = config;
  if (!section) throw new Error("backend nfs without its section, which the configuration's rules refuse");
  const { server, path, host, clientHosts, claimName, volumeName = claimName, ...rest } = section;
  const volume: NfsVolume = { ...rest, claimName, volumeName, nfs: { server, path } };
  return {
    name: "nfs",
    storage: { pvc: { claim: claimName } },
    needs: {
      volume,
      ...(host && { exportHost: exportHostTask(config, section, host) }),
      clientHosts: clientHosts.map((node) => clientHostTask(config, section, node)),
    },
    problems: (found, asked) => conflictsOf(found, volume, asked),
    warnings: (found, asked) => [
      ...repairsOf(found, volume),
      ...changesUnseen(found, volume, asked),
      ...(host ? unservedNodes({ server, clients: host.clients }, found.nodes, asked) : []),
    ],
    sharesFiles: ({ spec }) => spec?.nfs?.server === server && spec.nfs.path === path,
    imagesAt: `${server}:${path}, and claim "${claimName}" and volume "${volumeName}" in the cluster`,
  };
}
