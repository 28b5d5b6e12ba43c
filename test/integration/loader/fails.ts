interface Failure {
  readonly message: string;
}

/* Types and comments are no longer there when it runs. */
export function fail({ message }: Failure): never {
  throw new Error(message);
}
