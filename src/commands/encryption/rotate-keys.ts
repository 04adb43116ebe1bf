import { randomBytes } from "node:crypto";
import { BackupError } from "../../core/backup-error.ts";
import { compactTime } from "../../core/backup-name.ts";
import { KEY_FILE_MARK } from "../../core/encrypted-file.ts";
import type { BackupMetadata } from "../../core/metadata/metadata-schema.ts";
import { SEALED_ARTIFACT } from "../../core/metadata/sealed-metadata.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ContainerContext, KeyRotation } from "../../ports/encryption.ts";
import type { OpenedObject, Storage, Work } from "../../ports/storage.ts";
import { type FoundBackup, fileName, loadMetadata } from "../found-backup.ts";
import { folderOf } from "../proof/place-of-backup.ts";
import type { StoredFile } from "./key-files.ts";
import { openEncrypted } from "./open-encrypted.ts";

export interface RotatePorts {
  readonly rotation: KeyRotation;
  openStorage(location: string): Promise<Storage>;
  readonly clock: Clock;
  readonly onDamage: (damage: BackupError) => void;
}

export interface RotatedBackup {
  readonly location: string;
  /** Encrypted files that got a key file. */
  readonly rotated: number;
  /** Those that had the new keys already. */
  readonly unchanged: number;
}

/** Longer headers are none. */
const MAX_HEADER_BYTES = 164 + 65_536;

/**
 * Gives every encrypted file of a backup, and its metadata, to new keys: by a file beside each, so that nothing that is there
 * changes. The metadata come last: with the new keys alone a backup opens when all of it does. A run that was interrupted
 * is begun again, and goes on with what is left.
 * @param found as it is stored
 * @throws BackupError KEY, USAGE for a backup that is not encrypted, DAMAGED, NOT_FOUND when it was removed meanwhile, IO
 */
export async function rotateKeys(found: FoundBackup, ports: RotatePorts, signal: AbortSignal): Promise<RotatedBackup> {
  const { rotation, onDamage } = ports;
  const opened = await openEncrypted(found, { decryption: rotation.decryption, onDamage });
  const storage = await ports.openStorage(folderOf(found.location));
  const work = await storage.beginWork();
  const run = new Rotation(storage, work, ports);
  let failure: unknown;
  try {
    for (const { context, file, open, name } of opened.artifacts) {
      signal.throwIfAborted();
      if (context === undefined) await run.addInner(name, { open, file });
      else await run.add({ context, file, name, start: () => startOf(open) });
    }
    if (found.metadata !== undefined) await run.addMetadata(found.metadata, found.metadataFile, found.location);
  } catch (error) {
    failure = error;
  } finally {
    await work.end();
  }
  // Who removes a backup looks for what lies beside it when the metadata are gone: one of both sees the other.
  const isGone = await isRemoved(found, storage).catch((error: unknown) => {
    throw failure ?? error;
  });
  if (isGone) {
    await run.takeBack();
    throw removedMeanwhile(found.location);
  }
  if (failure !== undefined) throw failure;
  return { location: found.location, rotated: run.rotated, unchanged: run.unchanged };
}

/** Of a backup with metadata. */
async function isRemoved({ metadata, metadataFile }: FoundBackup, storage: Storage): Promise<boolean> {
  if (metadata === undefined || metadataFile === undefined) return false;
  return (await storage.stat(metadataFile.location.slice(storage.location.length + 1))) === undefined;
}

function removedMeanwhile(object: string): BackupError {
  return new BackupError({
    code: "NOT_FOUND",
    message: "it was removed in the meantime",
    object,
    hint: "see what is there with list",
  });
}

/** An encrypted file that gets new keys. */
interface Rotated {
  readonly context: ContainerContext;
  readonly name: string;
  readonly file: StoredFile | undefined;
  /** Its first bytes. */
  start(): Promise<Buffer>;
}

class Rotation {
  rotated = 0;
  unchanged = 0;
  readonly #written: string[] = [];
  readonly #storage: Storage;
  readonly #work: Work;
  readonly #ports: RotatePorts;

  constructor(storage: Storage, work: Work, ports: RotatePorts) {
    this.#storage = storage;
    this.#work = work;
    this.#ports = ports;
  }

  async add({ context, name, file, start }: Rotated): Promise<void> {
    if (file === undefined) throw new Error("an encrypted artifact is a file");
    const { rotation, onDamage } = this.#ports;
    const opening = {
      context,
      keyFiles: await file.keyFiles(),
      onDamage: (damage: BackupError) => onDamage(damage.on(name)),
    };
    const bytes = await rotation.keyFileFor(await start(), opening).catch((error: unknown) => {
      throw error instanceof BackupError ? error.on(name) : error;
    });
    if (bytes === undefined) {
      this.unchanged++;
      return;
    }
    const pending = await this.#work.create();
    await pending.write(bytes);
    const time = compactTime(this.#ports.clock.now());
    const key = file.location.slice(this.#storage.location.length + 1);
    const keyFile = `${key}${KEY_FILE_MARK}${time}-${randomBytes(4).toString("hex")}`;
    this.#written.push(keyFile);
    // Each of them counts by itself: what a run that is killed has written stays.
    await pending.commit(keyFile, "seal");
    this.rotated++;
  }

  /** Removes what it has written. */
  async takeBack(): Promise<void> {
    for (const key of this.#written) await this.#storage.remove(key);
  }

  async addMetadata({ id, sealed }: BackupMetadata, file: StoredFile | undefined, name: string): Promise<void> {
    if (sealed === undefined) return;
    const context = { backupId: id, artifact: SEALED_ARTIFACT };
    const start = async () => Buffer.from(sealed, "base64").subarray(0, MAX_HEADER_BYTES);
    await this.add({ context, file, name: `${fileName(name)}, metadata`, start });
  }

  /** The metadata of a database in the backup of a cluster. */
  async addInner(
    name: string,
    { open, file }: { open(): Promise<OpenedObject>; readonly file: StoredFile | undefined },
  ): Promise<void> {
    const object = await open();
    try {
      await this.addMetadata(await loadMetadata(object, name), file, name);
    } finally {
      await object.close();
    }
  }
}

async function startOf(open: () => Promise<OpenedObject>): Promise<Buffer> {
  const object = await open();
  try {
    const bytes = Buffer.alloc(Math.min(MAX_HEADER_BYTES, object.size));
    return bytes.subarray(0, await object.readAt(0, bytes));
  } finally {
    await object.close();
  }
}
