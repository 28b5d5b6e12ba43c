interface Kind {
  readonly kind: string;
}

/** A text for each kind: a new kind without one is a type error. */
export type Texts<T extends Kind> = { readonly [K in T["kind"]]: (of: Extract<T, { kind: K }>) => string };

export function textOf<T extends Kind>(texts: Texts<T>, of: T): string {
  return (texts[of.kind as T["kind"]] as (of: T) => string)(of);
}
