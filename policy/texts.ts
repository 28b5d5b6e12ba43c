/** A text among a resource's inputs, and where: "connection.proxy.hostKey". */
export interface Text {
  readonly path: string;
  readonly text: string;
}

/** All texts of a value, however deep; `isHidden` leaves out those of a value. */
export function texts(
  value: unknown,
  isHidden: (value: unknown) => boolean = () => false,
  path = "",
): Text[] {
  if (typeof value === "string") return [{ path, text: value }];
  if (typeof value !== "object" || value === null || isHidden(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    texts(inner, isHidden, path === "" ? key : `${path}.${key}`),
  );
}
