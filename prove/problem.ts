import { UserError } from "../errors";

/** What a proof ends with when the registry does not keep images, or cannot be asked. */
export type ProblemKind =
  /** No pod runs, or none can be connected to. */
  | "unreachable"
  /** It answers, and does not take this user's push. */
  | "refused"
  /** It answers, and its storage does not take what was pushed. */
  | "cannot write"
  /** What was pushed is not there any more, or is not what was pushed. */
  | "lost"
  /** Images go with the pod. */
  | "emptyDir"
  /** The stack asks for no registry that could be tried. */
  | "not asked for";

export class Problem extends UserError {
  constructor(
    readonly kind: ProblemKind,
    message: string,
  ) {
    super(message);
  }
}

/** A registry's refusal (distribution-spec, "Error Codes"), as it came. */
export interface Refusal {
  readonly what: string;
  readonly code: number;
  readonly body: string;
}

const writeFaults: readonly (readonly [RegExp, string])[] = [
  [/no space left on device|"Err":28\b/i, "the storage is full: give it more room, or prune images"],
  [/disk quota exceeded|"Err":122\b/i, "the storage's quota is used up: raise it, or prune images"],
  [
    /permission denied|operation not permitted|"Err":(13|1)\b/i,
    "the registry's user may not write there: the directory's owner or mode, or SELinux, is against it",
  ],
  [/read-only file system|"Err":30\b/i, "the storage is mounted or exported read-only"],
  [
    /stale (NFS )?file handle|"Err":116\b/i,
    "the export was replaced under the mount: delete the registry's pods",
  ],
  [
    /\b501\b|NotImplemented|not implemented/i,
    "the object store does not do what the registry asks of it (501): see the s3 options that your store needs, or take another store",
  ],
  [
    /AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|Forbidden/i,
    "the object store refuses the registry's keys",
  ],
  [/NoSuchBucket/i, "the bucket is not there"],
];

/** What a refusal means, and what to do about it. */
export function problemOf(refusal: Refusal): Problem {
  const { what, code, body } = refusal;
  const answer = `${what}: ${code} ${messageIn(body)}`.trim();
  if (code === 401 || code === 403) {
    // OpenShift's asks for tokens, with the scheme Bearer.
    const how = code === 401 ? ", or --username and --password-stdin where it has users of its own" : "";
    return new Problem(
      "refused",
      `the registry does not let this user ${answer}; see access/prove.yaml${how}`,
    );
  }
  if (code === 405) return new Problem("refused", `the registry is read-only (registry.readOnly): ${answer}`);
  if (code === 503) return new Problem("cannot write", `the registry cannot reach its storage: ${answer}`);
  const fault = writeFaults.find(([pattern]) => pattern.test(body));
  const meaning = fault?.[1] ?? "the registry's log says more";
  return new Problem("cannot write", `the registry cannot write: ${answer}\n  ${meaning}`);
}

function messageIn(body: string): string {
  try {
    const { errors = [] } = JSON.parse(body) as {
      errors?: { code?: string; message?: string; detail?: unknown }[];
    };
    const texts = errors.map(({ code, message, detail }) =>
      [code, message, typeof detail === "string" ? detail : detail && JSON.stringify(detail)]
        .filter(Boolean)
        .join(": "),
    );
    if (texts.length) return texts.join("; ");
  } catch {
    // A page of something between, say.
  }
  return body.slice(0, 300);
}
