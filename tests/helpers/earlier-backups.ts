import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { basename } from "node:path";

/** Where the machine had them, when dbbackup 2 wrote this beside them. */
const OLD_PLACE = "/var/lib/dbbackup";

export interface EarlierFacts {
  readonly database: string;
  readonly databaseType: "postgres" | "mysql" | "mariadb";
  readonly kind?: "single" | "cluster";
  /** Of a cluster: the databases that the server had. */
  readonly databases?: readonly string[];
  readonly failed?: number;
}

/** Writes what dbbackup 2 and 3 wrote beside a file, before they encrypted it. */
export function describeEarlier(path: string, facts: EarlierFacts): void {
  const sha256 = createHash("sha256").update(readFileSync(path)).digest("hex");
  const size = statSync(path).size;
  const { database, databaseType, kind = "single" } = facts;
  const server = { database_type: databaseType, host: "db1.example", port: 5432 };
  const timestamp = "2025-11-20T10:15:30.123456789+01:00";
  const metadata =
    kind === "single"
      ? {
          version: "2.0",
          timestamp,
          database,
          ...server,
          database_version: "PostgreSQL 15.3",
          user: "postgres",
          backup_file: `${OLD_PLACE}/${basename(path)}`,
          size_bytes: size,
          sha256,
          compression: "gzip-6",
          backup_type: "single",
          duration_seconds: 0.01,
        }
      : {
          version: "2.0",
          timestamp,
          cluster_name: "db1.example:5432",
          ...server,
          databases: facts.databases!.map((name) => ({ database: name, backup_file: "", size_bytes: 0, timestamp })),
          total_size_bytes: size,
          duration_seconds: 0.01,
          extra_info: {
            archive_sha256: sha256,
            database_count: `${facts.databases!.length}`,
            failure_count: `${facts.failed ?? 0}`,
            database_version: "PostgreSQL 15.3",
          },
        };
  writeFileSync(`${path}.meta.json`, JSON.stringify(metadata, undefined, 2));
  if (kind === "single") writeFileSync(`${path}.sha256`, `${sha256}  ${OLD_PLACE}/${basename(path)}\n`);
  writeEarlierInfo(path, facts);
}

/** What all of them wrote beside a file, and dbbackup 1 nothing else. */
export function writeEarlierInfo(path: string, { database, databaseType, kind = "single" }: EarlierFacts): void {
  const info = {
    type: kind,
    database: kind === "cluster" ? "cluster" : database,
    timestamp: "20251120_101530",
    host: "db1.example",
    port: 5432,
    user: "postgres",
    db_type: databaseType,
    compression: 6,
    size_bytes: statSync(path).size,
  };
  writeFileSync(`${path}.info`, JSON.stringify(info, undefined, 2));
}

/** Puts the encrypted bytes in the place of a file, as dbbackup 2 and 3 did. */
export function encryptEarlier(path: string, key: Buffer): void {
  writeFileSync(path, earlierEncrypted(readFileSync(path), key, randomBytes(12)));
}

/** A nonce, then records of 64 KiB: their length, ciphertext and tag, each under the nonce before it plus one. */
export function earlierEncrypted(plain: Buffer, key: Buffer, nonce: Buffer): Buffer {
  const counted = Buffer.from(nonce);
  const pieces = [Buffer.from(nonce)];
  for (let at = 0; at < plain.length; at += 65536) {
    const cipher = createCipheriv("aes-256-gcm", key, counted);
    const sealed = [cipher.update(plain.subarray(at, at + 65536)), cipher.final(), cipher.getAuthTag()];
    const record = Buffer.concat(sealed);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(record.length);
    pieces.push(length, record);
    for (let place = 11; place >= 0; place--) {
      counted[place] = (counted[place]! + 1) & 0xff;
      if (counted[place] !== 0) break;
    }
  }
  return Buffer.concat(pieces);
}
