import * as v from "valibot";
import { BackupError } from "../backup-error.ts";
import { type BackupMetadata, metadataSchema } from "./metadata-schema.ts";
import { SELF_HASH_FIELD } from "./self-hash.ts";

/** What a metadata file is encrypted as. */
export const SEALED_ARTIFACT = "manifest";
export const ENCRYPTION_ALGORITHM = "AES-256-GCM";

/** Fields of the metadata of an encrypted backup that everybody can read. They are in the sealed part, too. */
const readable = [
  "version",
  "format_version",
  "id",
  "timestamp",
  "database",
  "backup_type",
  "base_backup",
  "backup_file",
  "size_bytes",
  "sha256",
  "encrypted",
  "encryption_algorithm",
  "sequence",
  "previous",
  "merged",
  "re_encrypted",
] as const;

/**
 * What of the metadata of an encrypted backup can be read without a key.
 * @param sealed all of it, encrypted, as base64
 */
export function readableMetadata(metadata: BackupMetadata, sealed: string): BackupMetadata {
  const fields = Object.fromEntries(readable.flatMap((name) => (name in metadata ? [[name, metadata[name]]] : [])));
  return {
    ...(fields as Pick<BackupMetadata, (typeof readable)[number]>),
    artifacts: metadata.artifacts.map(readableArtifact),
    sealed,
  };
}

/** What a writer signs: all of the metadata but the signature, and what a file adds to it. */
export function signedMessage(metadata: BackupMetadata): Buffer {
  const { signature: _, [SELF_HASH_FIELD]: __, ...signed } = metadata;
  return Buffer.from(`dbbackup writer v1\0${canonical(signed)}`, "utf8");
}

function readableArtifact({ name, size, sha256, header }: BackupMetadata["artifacts"][number]) {
  return { name, size, ...(sha256 === undefined ? {} : { sha256 }), ...(header === undefined ? {} : { header }) };
}

/**
 * Metadata out of its sealed part, which alone counts.
 * @param text that was decrypted
 * @param found what could be read without a key
 * @throws BackupError DAMAGED when that says something else, or when it is no metadata
 */
export function unsealedMetadata(text: string, found: BackupMetadata, where: string): BackupMetadata {
  const result = v.safeParse(metadataSchema, parseJson(text));
  if (!result.success) throw changed(where, "what was sealed is no metadata");
  const { [SELF_HASH_FIELD]: _, ...metadata } = result.output;
  const [seen, expected] = [readableMetadata(found, ""), readableMetadata(metadata, "")];
  const names = Object.keys(expected) as (keyof typeof expected & string)[];
  const differing: string[] = names.filter((name) => canonical(seen[name]) !== canonical(expected[name]));
  // What this version does not know there, a later one may have written; nothing is done with it.
  const known = Object.keys(found).filter((name) => name in metadataSchema.entries);
  differing.push(...known.filter((name) => !(name in expected)));
  if (differing.length > 0) throw changed(where, `"${differing.join('", "')}" is not what was sealed`);
  return metadata;
}

/** The same text, in whatever order the fields were written. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function changed(where: string, what: string): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `the metadata of the encrypted backup was changed: ${what}`,
    object: where,
    hint: "restore the metadata from a copy of the repository, and find out who changed it",
  });
}
