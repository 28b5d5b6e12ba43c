import { readFileSync } from "node:fs";
import type { User } from "@kubernetes/client-node";
import { UserError } from "../errors";
import { execCredential } from "./exec-credential";
import type { KubeContext, KubeUser } from "./kubeconfig";

/** What goes with a request to say who asks. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  /** Client certificate and its key, in PEM. */
  readonly tls: { readonly cert?: string | Buffer; readonly key?: string | Buffer };
}

/**
 * The credentials of the context's user as they are now: files are read again, and a plugin is asked, which has `limit`
 * milliseconds, when what it gave has expired or was `refused`.
 */
export async function credentialsOf(
  context: KubeContext,
  limit: number,
  refused = false,
): Promise<Credentials> {
  const { user } = context;
  const plugin = user.exec && (await execCredential(user.exec, context, limit, refused));
  const authorization = await authorizationOf(user, plugin?.token);
  return {
    headers: {
      ...(authorization && { authorization }),
      ...(user.as && { "impersonate-user": user.as }),
    },
    tls: {
      cert: plugin?.clientCertificateData ?? contents(user, "client-certificate"),
      key: plugin?.clientKeyData ?? contents(user, "client-key"),
    },
  };
}

async function authorizationOf(user: KubeUser, pluginToken?: string): Promise<string | undefined> {
  // A token's file is renewed under a running program; the token beside it is only for where there is no file.
  const token = user.tokenFile ? read(user.tokenFile).toString().trim() : user.token;
  if (token) return `Bearer ${token}`;
  if (user.username)
    return `Basic ${Buffer.from(`${user.username}:${user.password ?? ""}`).toString("base64")}`;
  if (pluginToken) return `Bearer ${pluginToken}`;
  return user["auth-provider"] && fromProvider(user["auth-provider"]);
}

async function fromProvider(authProvider: NonNullable<KubeUser["auth-provider"]>): Promise<string> {
  if (authProvider.name !== "oidc") {
    throw new UserError(
      `the kubeconfig's auth-provider "${authProvider.name}" is gone from oc and kubectl too; use its exec plugin`,
    );
  }
  const { OpenIDConnectAuth } = await import("@kubernetes/client-node/dist/oidc_auth.js");
  const options = { headers: {} as Record<string, string> };
  await new OpenIDConnectAuth().applyAuthentication({ authProvider } as unknown as User, options);
  return options.headers["Authorization"] ?? "";
}

/** What an entry has as a file, or in itself as base64, which comes first as it does for oc. */
export function contents<K extends string>(
  entry: { readonly [key in K | `${K}-data`]?: string },
  key: K,
): Buffer | undefined {
  const data = entry[`${key}-data`];
  if (data) return Buffer.from(data, "base64");
  const file = entry[key];
  return file ? read(file) : undefined;
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UserError(`the kubeconfig names a file that cannot be read: ${(error as Error).message}`);
  }
}
