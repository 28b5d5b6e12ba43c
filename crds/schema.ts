/** From the schema a cluster publishes to the two forms needed here: a CRD's manifest, and what types are made from. */

/** The part of OpenAPI v3 and its Kubernetes extensions that the two CRDs use. */
export interface Schema {
  type?: string | string[];
  description?: string;
  title?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  items?: Schema;
  nullable?: boolean;
  namespaced?: boolean;
  tsType?: string;
  "x-kubernetes-group-version-kind"?: { group: string; version: string; kind: string }[];
  "x-kubernetes-preserve-unknown-fields"?: boolean;
  [keyword: string]: unknown;
}

interface Names {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
}

export function manifest(published: Schema, { group, kind, plural }: Names) {
  const { namespaced, ...schema } = withoutDescriptions(published);
  delete schema["x-kubernetes-group-version-kind"];
  // What a cluster publishes spells metadata out by reference; in a CRD it is a plain object and the API server's own.
  const properties = { ...schema.properties, metadata: { type: "object" } };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
      scope: namespaced ? "Namespaced" : "Cluster",
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          // Not in the published schema; openshift/api marks both kinds with +kubebuilder:subresource:status.
          subresources: { status: {} },
          schema: { openAPIV3Schema: { ...schema, properties } },
        },
      ],
    },
  };
}

/**
 * The same rules in JSON Schema's words: unknown fields are refused unless the CRD keeps them, and null is a type.
 * Kubernetes allows anyOf only for what `type` and `properties` do not say already, save for int-or-string.
 */
export function typeSchema(published: Schema): Schema {
  return mapSchemas(withoutDescriptions(published), (schema) => {
    const { nullable, ...result } = schema;
    if (!schema["x-kubernetes-int-or-string"]) delete result.anyOf;
    if (schema.type === "object" && !schema["x-kubernetes-preserve-unknown-fields"]) {
      result.additionalProperties = schema.additionalProperties ?? false;
      if (!schema.properties && !schema.additionalProperties) result.tsType = "Record<string, never>";
    }
    return nullable && typeof schema.type === "string" ? { ...result, type: [schema.type, "null"] } : result;
  });
}

/** The rules a user's values are checked with. Defaults are the API server's to fill in: a field left out is not owned. */
export function validationSchema(published: Schema): Schema {
  return mapSchemas(typeSchema(published), (schema) => {
    const result = { ...schema };
    delete result.default;
    delete result.tsType;
    // Of Go's, where JSON Schema means ISO 8601's.
    if (result.format === "duration") {
      delete result.format;
      result.pattern = "^([0-9]+(\\.[0-9]+)?(h|m|s|ms|us|µs|ns))+$";
    }
    return result;
  });
}

function withoutDescriptions(schema: Schema): Schema {
  return mapSchemas(schema, (original) => {
    const result = { ...original };
    delete result.description;
    return result;
  });
}

/** Applies `change` to a schema and every schema in it; `properties` is walked by itself, for a property may be named like a keyword. */
function mapSchemas(schema: Schema, change: (schema: Schema) => Schema): Schema {
  const result = change(schema);
  if (result.items) result.items = mapSchemas(result.items, change);
  if (typeof result.additionalProperties === "object") {
    result.additionalProperties = mapSchemas(result.additionalProperties, change);
  }
  if (result.properties) {
    result.properties = Object.fromEntries(
      Object.entries(result.properties).map(([name, property]) => [name, mapSchemas(property, change)]),
    );
  }
  return result;
}
