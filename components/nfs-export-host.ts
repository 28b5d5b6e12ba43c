import { Command } from "@pulumi/command/remote";
import * as pulumi from "@pulumi/pulumi";

import { command, exportName, serverScript, type ServerSpec } from "../hosts";
import { connectionArgs, rendered, type ConnectionArgs } from "./host-connection";
import { Component } from "./component";
import { runScript, type ScriptRun } from "./host-command";
import { verified } from "./host-verification";

/** A Linux host and the export it is to serve. The plain parts shape the host, so a preview can judge them. */
export interface NfsExportHostArgs extends Omit<ServerSpec, "owner"> {
  /** Name of the cluster whose registry uses the export; the host keeps it beside the stack's name, to tell stacks apart. */
  readonly cluster: string;
  /** Uid of that cluster's namespace kube-system, which tells it from others of the same name. @default none */
  readonly clusterUid?: string | undefined;
  /** How the host is reached. */
  readonly connection: ConnectionArgs;
  /** Compare the host with its description in every preview and up, and fail when somebody changed it. @default false */
  readonly verify?: boolean;
  /**
   * Any new text runs the script again although nothing else changed: how an edit by hand that `verify` found is
   * taken back. @default ""
   */
  readonly reapply?: string;
}

/**
 * Makes a Linux host serve the registry's export, over SSH, by one script that changes only what differs.
 *
 * The script is named after the export's id and path. An export whose path changes is therefore a new resource:
 * Pulumi makes it first, moves what depends on it, and only then takes the old export away, or with retainOnDelete leaves
 * it as it is. All other changes update the host in place, without a moment in which a client that stays is not served.
 */
export class NfsExportHost extends Component {
  /** The server's address, once it serves. */
  readonly server: pulumi.Output<string>;
  /** The exported directory, once it is served. */
  readonly path: pulumi.Output<string>;
  /** What the last run found and changed. */
  readonly report: pulumi.Output<string>;

  constructor(name: string, args: NfsExportHostArgs, options: pulumi.ComponentResourceOptions = {}) {
    super("NfsExportHost", name, options);
    const stack = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
    const { cluster, clusterUid } = args;
    const script = rendered(() => serverScript({ ...args, owner: { stack, cluster, clusterUid } }));
    const run = { connection: connectionArgs(args.connection), script, reapply: args.reapply };
    this.adviseAgainst();
    const served = this.serve(exportName(args.export), run);
    // Through the URN, not the command's output: that is unknown in the preview of a change, and an unknown server
    // would make the volume look replaced.
    this.server = pulumi.all([args.connection.host, served.urn]).apply(([host]) => host);
    this.path = served.urn.apply(() => args.export.path);
    this.report = args.verify ? verified(served, run) : served.stdout;
    this.registerOutputs({ server: this.server, path: this.path, report: this.report });
  }

  /** OpenShift's documentation: "Testing shows issues with using the NFS server on RHEL as a storage backend". */
  private adviseAgainst(): void {
    this.warn(
      "Red Hat advises against RHEL's NFS server as storage of the image registry: its tests show issues. " +
        "Prefer an NFS appliance or object storage where you have one.",
    );
  }

  private serve(name: string, run: ScriptRun): Command {
    return new Command(
      this.child(name),
      { ...runScript("apply", run), delete: command("remove") },
      // Removal is refused while clients hold the export; a replacement somebody forces is then refused as well,
      // instead of ending with the export removed.
      this.childOptions({ deleteBeforeReplace: true }),
    );
  }
}
