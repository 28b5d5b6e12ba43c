import { UserError } from "../errors";

/** A user of a registry that asks for passwords. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

export function basic({ username, password }: Login): string {
  if (username.includes(":")) throw new UserError(`--username: "${username}" has a colon, which no name can`);
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}
