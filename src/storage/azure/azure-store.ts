import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import type { BlobItem, BlobPrefix, BlockBlobClient, ContainerClient } from "@azure/storage-blob";
import { BackupError } from "../../core/backup-error.ts";
import { activeLock } from "../../core/object-lock.ts";
import { compareKeys } from "../../core/text/compare-keys.ts";
import type {
  ListedObject,
  ObjectState,
  ObjectStore,
  ObjectUpload,
  PutOptions,
  ResumedUpload,
  UnfinishedUpload,
} from "../../ports/object-store.ts";
import { fillFromRange } from "../object/fill-from-range.ts";
import { inOrder } from "../object/listed-folder.ts";
import { partBytes } from "../object/part-sizes.ts";
import { keptUntil, type Retention } from "../object/retention.ts";
import { arrivedChanged } from "../object/transfer-errors.ts";
import { isWorkKey } from "../object/work-record.ts";
import { azureError, failureOf } from "./azure-error.ts";
import type { AzureSettings } from "./azure-settings.ts";
import { blockId, parseBlockId } from "./block-id.ts";
import { openContainer } from "./open-container.ts";
import { ServiceConnection } from "./service-connection.ts";

/** Blocks of one blob, as the service limits them. */
const MAX_BLOCKS = 50_000;
/** How long is waited before a copy inside the service is looked at again. */
const COPY_POLL_MS = 1000;
/** Metadata of a blob: the work that wrote it. Its names must be such as programs could have. */
const WORK_METADATA = "dbbackup_work";
/** Metadata of an empty blob that is there for a moment, to get rid of blocks. */
const ABANDONED_METADATA = "dbbackup_abandoned";

/** A page of either listing. */
interface BlobPage {
  readonly segment: { readonly blobItems: readonly BlobItem[]; readonly blobPrefixes?: readonly BlobPrefix[] };
}

/** A container of Azure Blob Storage. Every block goes with its MD5, which the service checks. */
export class AzureStore implements ObjectStore {
  readonly location: string;
  readonly maxParts = MAX_BLOCKS;
  readonly #container: ContainerClient;
  readonly #settings: AzureSettings;
  readonly #connection: ServiceConnection;

  private constructor(container: ContainerClient, settings: AzureSettings, connection: ServiceConnection) {
    const { account, container: name, prefix } = settings;
    this.location = `azure://${account}/${name}${prefix === "" ? "" : `/${prefix}`}`;
    this.#container = container;
    this.#settings = settings;
    this.#connection = connection;
  }

  /** Loads the SDK. @throws BackupError CONFIG when the credentials cannot be used */
  static async open(settings: AzureSettings): Promise<AzureStore> {
    const connection = new ServiceConnection();
    return new AzureStore(await openContainer(settings, connection), settings, connection);
  }

  now(): Date {
    return this.#connection.now();
  }

  async put(key: string, bytes: Uint8Array, { work, createOnly }: PutOptions): Promise<void> {
    const { contentMD5 } = await this.#asking("writing", key, () =>
      this.#blob(key).upload(bytes, bytes.length, {
        ...this.#writing(key, work),
        ...(createOnly ? { conditions: { ifNoneMatch: "*" } } : {}),
      }),
    );
    const expected = md5(bytes);
    if (contentMD5 === undefined || expected === undefined || expected.equals(contentMD5)) return;
    // Its name is needed for what was to be written.
    if (createOnly) await this.remove(key);
    throw arrivedChanged(this.#urlOf(key));
  }

  async beginUpload(key: string, work: string): Promise<ObjectUpload> {
    return this.#upload(key, work, new Map());
  }

  async resumeUpload({ key, id }: UnfinishedUpload): Promise<ResumedUpload | undefined> {
    const found = await this.#asking("looking at an upload", key, () => uncommittedBlocksOf(this.#blob(key)));
    const blocks = found.filter(({ work }) => work === id).toSorted((a, b) => a.number! - b.number!);
    if (blocks.length === 0) return undefined;
    const ids = new Map<number, string>();
    const partSizes: number[] = [];
    for (const [index, { number, name, size }] of blocks.entries()) {
      // Of two that were sent for one place nobody knows which is the right one.
      if (number !== index + 1 || blocks[index + 1]?.number === number) break;
      ids.set(number, name);
      partSizes.push(size);
    }
    return { ...this.#upload(key, id, ids), partSizes };
  }

  /** @param ids of the blocks that are there, by number */
  #upload(key: string, work: string, ids: Map<number, string>): ObjectUpload {
    const blob = this.#blob(key);
    const { encryptionScope } = this.#settings;
    return {
      key,
      id: work,
      putPart: async (number, bytes) => {
        const id = blockId(work, number, bytes);
        const transactionalContentMD5 = md5(bytes);
        await this.#asking("writing", key, () =>
          blob.stageBlock(id, bytes, bytes.length, {
            ...(transactionalContentMD5 === undefined ? {} : { transactionalContentMD5 }),
            ...(encryptionScope === undefined ? {} : { encryptionScope }),
          }),
        );
        ids.set(number, id);
      },
      complete: async (count) => {
        const all = Array.from({ length: count }, (_, index) => ids.get(index + 1)!);
        await this.#asking("finishing an upload", key, async () => {
          try {
            await blob.commitBlockList(all, { ...this.#writing(key, work), conditions: { ifNoneMatch: "*" } });
          } catch (error) {
            // What is written under a name throws away all blocks that were sent for it.
            const isGone = failureOf(error).name === "InvalidBlockList";
            throw isGone && (await blob.exists()) ? alreadyThere(this.#urlOf(key)) : error;
          }
        });
      },
    };
  }

  /** Blobs that have blocks only are shown when they are asked for, with the size 0. */
  async *unfinishedUploads(prefix: string): AsyncIterable<UnfinishedUpload> {
    const options = { prefix: this.#nameOf(prefix), includeUncommitedBlobs: true };
    for await (const { name, properties } of this.#listing(prefix, this.#container.listBlobsFlat(options))) {
      if ((properties.contentLength ?? 0) > 0) continue;
      const key = this.#keyOf(name);
      const works = await this.#asking("listing blocks", key, () => worksThatSentBlocks(this.#blob(key)));
      for (const id of works) if (id !== undefined) yield { key, id, work: id };
    }
  }

  /**
   * The service has no request for this: blocks go when something is written under their name, which is done, and removed
   * again. Blocks of somebody else would go too; so then all stay, and go when that one ends, or after a week.
   */
  async abandonUpload({ key, id }: UnfinishedUpload): Promise<void> {
    const blob = this.#blob(key);
    await this.#asking("removing an upload", key, async () => {
      const found = await propertiesOf(blob);
      if (found === undefined) {
        const works = await worksThatSentBlocks(blob);
        if (works.size !== 1 || !works.has(id)) return;
        const metadata = { [WORK_METADATA]: id, [ABANDONED_METADATA]: "true" };
        try {
          await blob.commitBlockList([], { metadata, conditions: { ifNoneMatch: "*" } });
        } catch (error) {
          if (failureOf(error).name === "BlobAlreadyExists") return;
          throw error;
        }
      } else if (found.metadata?.[WORK_METADATA] !== id || found.metadata[ABANDONED_METADATA] === undefined) return;
      await deleteIfThere(blob);
    });
  }

  async copy(from: string, to: string, size: number, work: string): Promise<void> {
    const source = this.#blob(from);
    const target = this.#blob(to);
    const { encryptionScope, ...options } = this.#writing(to, work);
    // The service's copies take no scope.
    if (encryptionScope !== undefined) return await this.#copyThroughHere(from, to, size, work);
    await this.#asking("copying", to, async () => {
      const poller = await target.beginCopyFromURL(source.url, {
        ...options,
        intervalInMs: COPY_POLL_MS,
        conditions: { ifNoneMatch: "*" },
      });
      try {
        await poller.pollUntilDone();
      } catch (error) {
        // What failed leaves an empty blob. The first error says what is wrong.
        const { copyId } = poller.getOperationState() as { readonly copyId?: string };
        if (copyId !== undefined) await removeUnfinishedCopy(target, copyId).catch(() => {});
        throw error;
      }
    });
  }

  async #copyThroughHere(from: string, to: string, size: number, work: string): Promise<void> {
    const state = await this.head(from);
    if (state === undefined) throw missing("copying", this.#urlOf(from));
    const upload = await this.beginUpload(to, work);
    try {
      let number = 0;
      for (let at = 0; at < size || number === 0; ) {
        const part = Buffer.allocUnsafeSlow(Math.min(partBytes(++number), size - at));
        await this.read(from, state.version, at, part);
        await upload.putPart(number, part);
        at += part.length;
      }
      await upload.complete(number);
    } catch (error) {
      await this.abandonUpload(upload).catch(() => {}); // The first error says what is wrong.
      throw error;
    }
  }

  async head(key: string): Promise<ObjectState | undefined> {
    return await this.#asking("looking at", key, async () => {
      const found = await propertiesOf(this.#blob(key));
      if (found === undefined) return undefined;
      if (found.copyStatus === "pending") throw stillCopied(this.#urlOf(key));
      return {
        key,
        size: found.contentLength ?? 0,
        modified: found.lastModified ?? this.now(),
        version: found.etag ?? "",
        work: found.metadata?.[WORK_METADATA],
        hasVersions: found.versionId !== undefined,
        lock: activeLock(found.immutabilityPolicyExpiresOn, found.legalHold === true, this.now()),
      };
    });
  }

  async read(key: string, version: string, position: number, target: Uint8Array): Promise<void> {
    if (target.length === 0) return;
    const blob = this.#blob(key);
    await this.#asking("reading", key, async () => {
      const conditions = version === "" ? {} : { ifMatch: version };
      const answer = blob.download(position, target.length, { maxRetryRequests: 0, conditions });
      const { readableStreamBody, contentRange } = await answer.catch(async (error: unknown) => {
        // What is not there has no version: of both the first is to be said.
        const isOther = failureOf(error).name === "ConditionNotMet";
        throw isOther && (await propertiesOf(blob)) === undefined ? missing("reading", this.#urlOf(key)) : error;
      });
      await fillFromRange({ body: readableStreamBody as Readable, contentRange }, position, target, this.#urlOf(key));
    });
  }

  async *list(prefix: string, recursive: boolean): AsyncIterable<ListedObject> {
    const options = { prefix: this.#nameOf(prefix) };
    const pages: AsyncIterable<BlobPage> = recursive
      ? this.#container.listBlobsFlat(options).byPage()
      : this.#container.listBlobsByHierarchy("/", options).byPage();
    let last = "";
    for await (const { segment } of this.#listing(prefix, pages)) {
      const objects: ListedObject[] = [];
      for (const { name, properties } of segment.blobItems) {
        const key = this.#keyOf(name);
        if (last !== "" && compareKeys(last, key) >= 0) throw outOfOrder(this.#urlOf(key));
        last = key;
        objects.push({ key, size: properties.contentLength ?? 0, modified: properties.lastModified });
      }
      yield* inOrder(
        objects,
        (segment.blobPrefixes ?? []).map(({ name }) => this.#keyOf(name)),
      );
    }
  }

  async remove(key: string): Promise<void> {
    await this.#asking("removing", key, () => deleteIfThere(this.#blob(key)));
  }

  async #asking<R>(doing: string, key: string, ask: () => Promise<R>): Promise<R> {
    try {
      return await ask();
    } catch (error) {
      throw azureError(doing, this.#urlOf(key), error);
    }
  }

  async *#listing<T>(prefix: string, items: AsyncIterable<T>): AsyncIterable<T> {
    try {
      yield* items;
    } catch (error) {
      throw azureError("listing", this.#urlOf(prefix), error);
    }
  }

  #blob(key: string): BlockBlobClient {
    return this.#container.getBlockBlobClient(this.#nameOf(key));
  }

  #nameOf(key: string): string {
    const { prefix } = this.#settings;
    return prefix === "" ? key : `${prefix}/${key}`;
  }

  #urlOf(key: string): string {
    return `${this.location}/${key}`;
  }

  #keyOf(name: string): string {
    const { prefix } = this.#settings;
    return prefix === "" ? name : name.slice(prefix.length + 1);
  }

  #writing(key: string, work: string) {
    const { accessTier, encryptionScope, retention } = this.#settings;
    const until = keptUntil(key, retention, this.now());
    return {
      metadata: { [WORK_METADATA]: work },
      ...(until === undefined ? {} : { immutabilityPolicy: { expiriesOn: until, policyMode: policyMode(retention!) } }),
      ...(accessTier === undefined || isWorkKey(key) ? {} : { tier: accessTier }),
      ...(encryptionScope === undefined ? {} : { encryptionScope }),
    };
  }
}

/** A policy that is not locked yet can be shortened and removed by those with the right to it. */
function policyMode({ mode }: Retention): "Unlocked" | "Locked" {
  return mode === "governance" ? "Unlocked" : "Locked";
}

async function propertiesOf(blob: BlockBlobClient) {
  try {
    return await blob.getProperties();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function deleteIfThere(blob: BlockBlobClient): Promise<void> {
  try {
    await blob.delete();
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

async function removeUnfinishedCopy(blob: BlockBlobClient, copyId: string): Promise<void> {
  const left = await propertiesOf(blob);
  if (left?.copyId !== copyId || left.copyStatus === "success") return;
  if (left.copyStatus === "pending") await blob.abortCopyFromURL(copyId);
  await deleteIfThere(blob);
}

interface UncommittedBlock {
  /** Undefined when it was none of ours. */
  readonly work?: string;
  readonly number?: number;
  readonly name: string;
  readonly size: number;
}

async function uncommittedBlocksOf(blob: BlockBlobClient): Promise<readonly UncommittedBlock[]> {
  try {
    const { uncommittedBlocks = [] } = await blob.getBlockList("uncommitted");
    return uncommittedBlocks.map(({ name, size }) => ({ name, size, ...parseBlockId(name) }));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Who has sent blocks that are not committed; undefined stands for those that are not ours. */
async function worksThatSentBlocks(blob: BlockBlobClient): Promise<ReadonlySet<string | undefined>> {
  return new Set((await uncommittedBlocksOf(blob)).map(({ work }) => work));
}

function isMissing(error: unknown): boolean {
  const { name, status } = failureOf(error);
  return name === "BlobNotFound" || (status === 404 && name !== "ContainerNotFound");
}

/** Undefined where this machine's rules forbid it: then nobody checks a block before the backup is verified. */
function md5(bytes: Uint8Array): Buffer | undefined {
  try {
    return createHash("md5").update(bytes).digest();
  } catch {
    return undefined;
  }
}

function alreadyThere(object: string): BackupError {
  return new BackupError({
    code: "EXISTS",
    message: `"${object}" exists already`,
    object,
    hint: "choose another name; nothing is ever overwritten",
  });
}

function missing(doing: string, object: string): BackupError {
  return new BackupError({
    code: "NOT_FOUND",
    message: `${doing} failed: there is no such object`,
    object,
    hint: "see what is there with list",
  });
}

function stillCopied(object: string): BackupError {
  return new BackupError({
    code: "IO",
    message: "the service is still copying it",
    object,
    hint: "run again later",
    retry: "maybe",
  });
}

/** Lists must be in order for those who go on behind a key: one that is not would lose objects. */
function outOfOrder(object: string): BackupError {
  return new BackupError({
    code: "IO",
    message: "the service does not list its objects in the order of their names",
    object,
    hint: "accounts with a hierarchical namespace do that: use one without",
  });
}
