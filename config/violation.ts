/** A value that no rule of its own refuses, but another value does. */
export interface Violation {
  readonly path: (string | number)[];
  readonly message: string;
  /** The message shows the value itself. @default it follows the value */
  readonly whole?: boolean;
}

export function violation(path: Violation["path"], message: string): Violation {
  return { path, message };
}
