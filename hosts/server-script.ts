import { canonicalClient } from "./export-checks";
import { exportName, validateServer, type ServerSpec } from "./export-spec";
import { defaultOptions, exportOptions, exportsFile, fileNote } from "./exports-file";
import { firewalldRules, iptablesRules, nftFolder, nftRules, nftUnit, openPorts, ufwRules } from "./firewall";
import {
  lockdModprobe,
  lockdSysctl,
  nfs3Ports,
  nfs3Settings,
  nfs3Sysconfig,
  nfs4Settings,
  nfs4Sysconfig,
} from "./nfs-conf";
import { parseQuantity } from "../kubernetes/quantity";
import { script } from "./script";

const files = [
  "host-common.sh",
  "server-owner.sh",
  "server-file-system.sh",
  "server-directory.sh",
  "server-protocols.sh",
  "server-settings.sh",
  "server-services.sh",
  "server-exports.sh",
  "server-other-files.sh",
  "server-other-exports.sh",
  "server-holders.sh",
  "server-networks.sh",
  "server-firewalld.sh",
  "server-ufw.sh",
  "server-iptables.sh",
  "server-nftables.sh",
  "server-packets.sh",
  "server-firewall.sh",
  "server-main.sh",
];

/** Where the host keeps what it must know to take our changes back. */
const state = "/var/lib/image-registry";

const yesNo = (value: boolean | undefined): string => (value ? "yes" : "no");

/** The script that makes a host serve an export; its mode is the argument of {@link command}. */
export function serverScript(spec: ServerSpec): string {
  validateServer(spec);
  const name = exportName(spec.export);
  const nfs3 = spec.protocols?.nfs3 ?? false;
  const comment = `image-registry-${name}`;
  const unit = `image-registry-firewall-${name}.service`;
  return script(
    {
      STATE: state,
      EXPORT_NAME: name,
      FILE_SYSTEM_FILE: `${state}/${name}.file-system`,
      OWNER_FILE: `${state}/${name}.owner`,
      OWNER_STACK: spec.owner.stack,
      OWNER_CLUSTER: spec.owner.cluster,
      OWNER_CLUSTER_UID: spec.owner.clusterUid ?? "",
      TAKE_OVER_FROM: spec.takeOverFrom ?? "",
      EXPORT_PATH: spec.export.path,
      EXPORT_UID: String(spec.export.uid),
      EXPORT_GID: String(spec.export.gid),
      EXPORT_MODE: Number.parseInt(spec.export.mode ?? "0770", 8).toString(8),
      SECURITY: spec.export.security ?? "sys",
      FSID: String(spec.export.fsid ?? ""),
      REQUIRE_MOUNT_POINT: yesNo(spec.export.requireMountPoint),
      MINIMUM_BYTES: String(parseQuantity(spec.export.minimumFree ?? "0")),
      CLIENTS: spec.export.clients.map(canonicalClient),
      EXPORTS_FILE: `/etc/exports.d/${name}.exports`,
      EXPORTS_TEXT: exportsFile(spec.export),
      EXPECTED_OPTIONS: exportOptions(spec.export),
      DEFAULT_OPTIONS: defaultOptions,
      OTHER_EXPORTS: spec.otherExports ?? "refuse",
      OUR_FILE_NOTE: fileNote,
      PROTOCOLS: [...(nfs3 ? ["nfs3"] : ["nfs4"]), ...(spec.protocols?.dedicated ? ["dedicated"] : [])].join(
        " ",
      ),
      NFS_CONF_DROP_IN: "/etc/nfs.conf.d/image-registry.conf",
      NFS4_SETTINGS: nfs4Settings,
      NFS3_SETTINGS: nfs3Settings,
      NFS4_SYSCONFIG: nfs4Sysconfig,
      NFS3_SYSCONFIG: nfs3Sysconfig,
      NFS3_PORTS: Object.values(nfs3Ports).map(String),
      LOCKD_PORT: String(nfs3Ports.lockd),
      LOCKD_MODPROBE_FILE: "/etc/modprobe.d/image-registry-lockd.conf",
      LOCKD_MODPROBE_TEXT: lockdModprobe,
      LOCKD_SYSCTL_FILE: "/etc/sysctl.d/90-image-registry-lockd.conf",
      LOCKD_SYSCTL_TEXT: lockdSysctl,
      RPCBIND_UNITS: ["rpcbind.socket", "rpcbind.service", "rpc-statd.service"],
      FIREWALL: spec.firewall ?? "auto",
      TCP_PORTS: [
        ...new Set(
          openPorts(nfs3)
            .filter(({ protocol }) => protocol === "tcp")
            .map(({ port }) => String(port)),
        ),
      ],
      FIREWALL_PORTS: openPorts(nfs3).map(({ port, protocol }) => `${port}/${protocol}`),
      FIREWALLD_RULES: firewalldRules(spec.export.clients, nfs3),
      RULE_COMMENT: comment,
      UFW_RULES: ufwRules(spec.export.clients, nfs3),
      UFW_RECORD: `${state}/${name}.ufw`,
      FIREWALLD_RECORD: `${state}/${name}.firewalld`,
      NFT_FOLDER: nftFolder(name),
      FORMER_NFT_FILE: `/etc/image-registry/${name}.nft`,
      NFT_UNIT: unit,
      NFT_UNIT_FILE: `/etc/systemd/system/${unit}`,
      IPTABLES_RULES: iptablesRules(spec.export.clients, nfs3, comment),
      NFT_RULES: nftRules(spec.export.clients, nfs3),
      NFT_UNIT_TEXT: nftUnit(name),
      FORCE: yesNo(spec.force),
      WAIT_FOR_LOCK: String(spec.waitForLock ?? 300),
    },
    files,
  );
}
