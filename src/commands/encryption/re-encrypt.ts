import { BackupError } from "../../core/backup-error.ts";
import { type BackupKind, backupBaseName, METADATA_SUFFIX } from "../../core/backup-name.ts";
import { parseCompression } from "../../core/compression.ts";
import type { DumpFormat } from "../../core/dump-format.ts";
import { backupArtifact, ENCRYPTED_SUFFIX, withoutSuffix } from "../../core/encrypted-file.ts";
import { formatMetadata } from "../../core/metadata/format-metadata.ts";
import type { ArtifactMetadata, BackupMetadata } from "../../core/metadata/metadata-schema.ts";
import { uuidV7 } from "../../core/uuid-v7.ts";
import type { ArtifactTotals, OpenArtifactStages } from "../../ports/artifact-stages.ts";
import type { ByteSink } from "../../ports/byte-sink.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Decryption, Encryption } from "../../ports/encryption.ts";
import type { ProgressSink } from "../../ports/progress.ts";
import type { Storage, Work } from "../../ports/storage.ts";
import { extension } from "../backup-single.ts";
import { clusterOf, databaseOfCluster, metadataOfArtifact } from "../cluster/cluster-parts.ts";
import { commitMetadata, commitUnderName } from "../commit-backup.ts";
import { type FoundArtifact, type FoundBackup, fileName, isCluster } from "../found-backup.ts";
import { HashedObject } from "../hashed-object.ts";
import { plainObject } from "../plain-object.ts";
import { folderOf } from "../proof/place-of-backup.ts";
import { HashedRead } from "../read-object.ts";
import { openEncrypted } from "./open-encrypted.ts";
import { metadataToStore, sealMetadata } from "./seal-metadata.ts";

export interface ReEncryptPorts {
  readonly decryption: Decryption;
  readonly encryption: Encryption;
  readonly openStages: OpenArtifactStages;
  openStorage(location: string): Promise<Storage>;
  readonly clock: Clock;
  readonly progress: ProgressSink;
  readonly onDamage: (damage: BackupError) => void;
}

const uncompressed = { method: "none", level: 0 } as const;

/**
 * Makes a new backup of the same contents beside an encrypted one: every file decrypted and encrypted with a new data key, for
 * other recipients, without a plain byte on any disk. It is a backup of its own, with its own id; the old one is left as it is.
 * @param found as it is stored
 * @returns its metadata
 * @throws BackupError KEY, DAMAGED, USAGE for a file without metadata, IO, INTERRUPTED
 */
export async function reEncrypt(
  found: FoundBackup,
  ports: ReEncryptPorts,
  signal: AbortSignal,
): Promise<BackupMetadata> {
  if (found.metadata === undefined) throw withoutMetadata(found);
  const { decryption, onDamage, progress } = ports;
  const opened = await openEncrypted(found, { decryption, onDamage });
  progress.emit({ event: "phase", phase: "encrypt", message: `encrypting ${found.location} again` });
  const storage = await ports.openStorage(folderOf(found.location));
  await storage.sweep();
  const work = await storage.beginWork();
  try {
    return await new ReEncryption({ ...opened, metadata: opened.metadata! }, ports, signal).run(storage, work);
  } finally {
    await work.end();
  }
}

type Described = FoundBackup & { readonly metadata: BackupMetadata };

/** A file of the new backup, whose name does not say where it lies. */
type NewArtifact = ArtifactMetadata;

class ReEncryption {
  readonly #old: Described;
  readonly #ports: ReEncryptPorts;
  readonly #signal: AbortSignal;
  readonly #now: Date;
  readonly #id: string;

  constructor(old: Described, ports: ReEncryptPorts, signal: AbortSignal) {
    this.#old = old;
    this.#ports = ports;
    this.#signal = signal;
    this.#now = ports.clock.now();
    this.#id = uuidV7(this.#now);
  }

  async run(storage: Storage, work: Work): Promise<BackupMetadata> {
    const { encryption } = this.#ports;
    const { metadata: old } = this.#old;
    const written = this.#old.folder === undefined ? await this.#oneFile(work) : await this.#folder(work);
    const destination = { kind: "repository", storage } as const;
    const key = await commitUnderName(destination, nameOf(old), (free) => written.commit(free));
    const name = written.nameIn(key);
    const artifacts = written.artifacts.map((artifact) => ({ ...artifact, name: written.pathIn(key, artifact.name) }));
    const made = { ...renewed(old, this.#id, this.#now, artifacts), backup_file: name };
    const placed = placedParts(made, old, (artifact) => written.pathIn(key, fileName(artifact)), written.inner);
    const { metadata, stored } = await metadataToStore(placed, encryption, destination, this.#signal);
    await commitMetadata(work, `${key}${METADATA_SUFFIX}`, stored);
    return metadata;
  }

  async #oneFile(work: Work): Promise<Written> {
    const pending = await work.create();
    const [artifact] = this.#old.artifacts;
    const made = await this.#renew(artifact!, pending, backupArtifact);
    return {
      artifacts: [made],
      commit: (key) => pending.commit(key + ENCRYPTED_SUFFIX, "part"),
      nameIn: (key) => key + ENCRYPTED_SUFFIX,
      pathIn: (key) => key + ENCRYPTED_SUFFIX,
      inner: new Map(),
    };
  }

  async #folder(work: Work): Promise<Written> {
    const folder = await work.createFolder();
    const artifacts = new Map<string, NewArtifact>();
    const put = async (name: string, write: (sink: ByteSink) => Promise<NewArtifact>): Promise<void> => {
      this.#signal.throwIfAborted();
      const file = await folder.create(name);
      artifacts.set(name, await write(file));
      await file.end();
    };
    for (const artifact of this.#old.artifacts) {
      if (artifact.context === undefined) continue;
      const name = fileName(artifact.name);
      await put(name, (file) => this.#renew(artifact, file, withoutSuffix(name)));
    }
    const inner = new Map<string, InnerBackup>();
    if (isCluster(this.#old.metadata)) {
      const cluster = clusterOf(this.#old);
      for (const database of cluster.databases) {
        const { metadata } = await databaseOfCluster(cluster, database);
        const id = uuidV7(this.#now);
        const own = metadata.artifacts.map(({ name }) => artifacts.get(fileName(name))!);
        const made = renewed(metadata, id, this.#now, own);
        inner.set(database.id, { id, size: made.size_bytes });
        const stored = await sealMetadata({ ...made, part_of: this.#id }, this.#ports.encryption);
        const name = metadataOfArtifact(fileName(database.artifact));
        await put(name, (file) => this.#write(name, Buffer.from(formatMetadata(stored), "utf8"), file));
      }
    }
    return {
      artifacts: [...artifacts.values()],
      commit: (key) => folder.commit(key),
      nameIn: (key) => key,
      pathIn: (key, name) => `${key}/${name}`,
      inner,
    };
  }

  async #write(name: string, bytes: Uint8Array, target: ByteSink): Promise<NewArtifact> {
    const stages = this.#ports.openStages(target, uncompressed);
    await stages.write(bytes);
    const { size, sha256 } = await stages.end();
    return { name, size, sha256, plain_size: size, plain_sha256: sha256 };
  }

  /** The same bytes under a new key. What the metadata say of them as the engine gave them stays. */
  async #renew(artifact: FoundArtifact, target: ByteSink, context: string): Promise<NewArtifact> {
    const { encryption, openStages } = this.#ports;
    const recorded = this.#old.metadata.artifacts.find(({ name }) => name === artifact.name);
    const stored = new HashedObject(await artifact.open());
    const plain = await plainObject(artifact, stored);
    try {
      const stages = openStages(target, uncompressed, (next) =>
        encryption.open(next, { backupId: this.#id, artifact: context }),
      );
      const read = new HashedRead(plain, () => {}, this.#signal);
      for await (const piece of read.pieces()) await stages.write(piece);
      const totals = await stages.end();
      if (recorded?.sha256 !== undefined && (await stored.finish()) !== recorded.sha256) throw changed(artifact);
      return { ...recorded, ...storedFacts(totals), name: fileName(artifact.name) };
    } finally {
      await plain.close();
    }
  }
}

interface Written {
  /** By their names in the folder. */
  readonly artifacts: readonly NewArtifact[];
  /** @throws BackupError EXISTS: another name may be tried */
  commit(key: string): Promise<unknown>;
  nameIn(key: string): string;
  pathIn(key: string, name: string): string;
  /** Of the databases of a cluster, by their old ids. */
  readonly inner: ReadonlyMap<string, InnerBackup>;
}

/** A database of a cluster, with its new id. */
interface InnerBackup {
  readonly id: string;
  readonly size: number;
}

function storedFacts({ size, sha256, header }: ArtifactTotals): Pick<NewArtifact, "size" | "sha256" | "header"> {
  return { size, sha256, ...(header === undefined ? {} : { header: header.toString("base64") }) };
}

/** The same backup as another one: what it says of itself, and of its place among others, is new. */
function renewed(old: BackupMetadata, id: string, now: Date, artifacts: readonly NewArtifact[]): BackupMetadata {
  const { sequence: _, previous: __, merged: ___, signature: ____, sha256: _____, ...rest } = old;
  const [first, ...others] = artifacts;
  return {
    ...rest,
    id,
    re_encrypted: { from: old.id, at: now.toISOString() },
    artifacts: [...artifacts],
    size_bytes: artifacts.reduce((sum, { size }) => sum + size, 0),
    ...(first?.sha256 === undefined || others.length > 0 ? {} : { sha256: first.sha256 }),
  };
}

/** Where the parts of a cluster lie. */
function placedParts(
  made: BackupMetadata,
  { globals, databases }: BackupMetadata,
  pathOf: (artifact: string) => string,
  inner: ReadonlyMap<string, InnerBackup>,
): BackupMetadata {
  return {
    ...made,
    ...(globals === undefined ? {} : { globals: { ...globals, artifact: pathOf(globals.artifact) } }),
    ...(databases === undefined
      ? {}
      : {
          databases: databases.map((database) => {
            const { id, size } = inner.get(database.id)!;
            return { ...database, id, artifact: pathOf(database.artifact), size_bytes: size };
          }),
        }),
  };
}

function nameOf(old: BackupMetadata): (attempt: number) => string {
  const { database, backup_type: kind, timestamp, format, compression = "none" } = old;
  const ending = isCluster(old)
    ? ""
    : extension({ format: format as DumpFormat, compression: parseCompression(compression.replace(/-.*/, "")) });
  return (attempt) => backupBaseName(database, kind as BackupKind, new Date(timestamp), attempt) + ending;
}

function withoutMetadata({ location }: FoundBackup): BackupError {
  return new BackupError({
    code: "USAGE",
    message: "it is a file without metadata, and no backup of a repository",
    object: location,
    hint: "dbbackup decrypt FILE --output - ... | dbbackup encrypt - ... --output NEW",
  });
}

function changed({ name }: FoundArtifact): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: "its stored bytes are not those that the metadata recorded; nothing was written",
    object: name,
    hint: "use another copy of the backup",
  });
}
