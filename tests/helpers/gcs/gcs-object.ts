import { Refusal } from "./refusal.ts";

/** An object, as it is kept. */
export interface GcsObject {
  readonly name: string;
  bytes: Buffer;
  readonly generation: number;
  readonly created: Date;
  readonly described: Described;
  readonly crc32c: string;
  readonly md5Hash: string;
}

/** What whoever writes an object says of it. */
export interface Described {
  readonly name?: string;
  readonly metadata?: Record<string, string>;
  readonly storageClass?: string;
  readonly contentType?: string;
  readonly crc32c?: string | undefined;
  readonly md5Hash?: string | undefined;
  readonly kmsKeyName?: string;
  readonly retention?: { readonly mode: string; readonly retainUntilTime: string };
  readonly temporaryHold?: boolean;
}

export function describe({ name, bytes, generation, created, described, crc32c, md5Hash }: GcsObject): object {
  return {
    ...described,
    kind: "storage#object",
    name,
    size: `${bytes.length}`,
    generation: `${generation}`,
    metageneration: "1",
    timeCreated: created.toISOString(),
    updated: created.toISOString(),
    crc32c,
    md5Hash,
    storageClass: described.storageClass ?? "STANDARD",
    ...(described.retention === undefined ? {} : { retentionExpirationTime: described.retention.retainUntilTime }),
  };
}

export function refuseRetained({ name, described: { retention, temporaryHold } }: GcsObject): void {
  const isRetained = retention !== undefined && Date.parse(retention.retainUntilTime) > Date.now();
  if (!isRetained && temporaryHold !== true) return;
  const [reason, why] = isRetained ? ["retentionPolicyNotMet", "retention"] : ["objectUnderActiveHold", "a hold"];
  throw new Refusal(403, reason!, `Object '${name}' is subject to ${why} and cannot be deleted or overwritten.`);
}

export function withoutHashes(described: Described): Described {
  return { ...described, crc32c: undefined, md5Hash: undefined };
}

export function found(bucket: ReadonlyMap<string, GcsObject>, name: string): GcsObject {
  const object = bucket.get(name);
  if (object === undefined) throw new Refusal(404, "notFound", `No such object: ${name}`);
  return object;
}
