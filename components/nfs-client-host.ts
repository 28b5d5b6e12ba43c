import { Command } from "@pulumi/command/remote";
import * as pulumi from "@pulumi/pulumi";

import { clientScript, type ClientSpec } from "../hosts";
import { Component } from "./component";
import { runScript } from "./host-command";
import { verified } from "./host-verification";
import { connectionArgs, rendered, type ConnectionArgs } from "./host-connection";

/** A node that is to mount the export. */
export interface NfsClientHostArgs extends Omit<ClientSpec, "server"> {
  /** How the node is reached. */
  readonly connection: ConnectionArgs;
  /** The NFS server, as the volume names it; NfsExportHost's output orders this node after it. */
  readonly server: pulumi.Input<string>;
  /** Compare the node with its description in every preview and up, and fail when somebody changed it. @default false */
  readonly verify?: boolean;
  /** Any new text runs the script again although nothing else changed; see NfsExportHost. @default "" */
  readonly reapply?: string;
}

/**
 * Readies a node of the RHEL family (Debian and SUSE work as well) to mount the export: package, SELinux boolean,
 * and a mount that proves the server answers. Nodes do not wait for each other. Not for RHCOS, whose nodes are the
 * cluster's to manage; it needs none of this.
 */
export class NfsClientHost extends Component {
  /** What the last run found and changed. */
  readonly report: pulumi.Output<string>;

  constructor(name: string, args: NfsClientHostArgs, options: pulumi.ComponentResourceOptions = {}) {
    super("NfsClientHost", name, options);
    const { connection, server, verify, reapply, ...spec } = args;
    const scriptFor = (address: string) => rendered(() => clientScript({ ...spec, server: address }));
    // What is known now fails now, also in a preview of a server that does not exist yet.
    scriptFor(typeof server === "string" ? server : "server");
    const run = {
      connection: connectionArgs(connection),
      script: pulumi.output(server).apply(scriptFor),
      reapply,
    };
    const ready = new Command(this.child("ready"), runScript("apply", run), this.childOptions());
    this.report = verify ? verified(ready, run) : ready.stdout;
    this.registerOutputs({ report: this.report });
  }
}
