import { createHash } from "node:crypto";
import { Agent as PlainAgent } from "node:http";
import { Agent as TlsAgent } from "node:https";
import type { Readable } from "node:stream";
import type { S3Client, StorageClass } from "@aws-sdk/client-s3";
import { activeLock } from "../../core/object-lock.ts";
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
import { keptUntil, type Retention } from "../object/retention.ts";
import { arrivedChanged } from "../object/transfer-errors.ts";
import { EtagCheck } from "./etag-check.ts";
import { failureOf, s3Error } from "./s3-error.ts";
import type { S3Settings } from "./s3-settings.ts";

type Sdk = typeof import("./s3-sdk.ts");

interface UploadedPart {
  readonly ETag: string;
  readonly ChecksumSHA256?: string;
}

/** Parts of one upload, as S3 limits them. */
const MAX_PARTS = 10_000;
/** What one request copies: S3 takes up to 5 GiB, and smaller pieces are copied beside each other. */
const COPY_BYTES = 512 * 1024 * 1024;
const COPIES_AT_ONCE = 4;
/** As the SDK makes its own, but that it uses a proxy that HTTPS_PROXY names. */
const AGENT_OPTIONS = { keepAlive: true, maxSockets: 50, proxyEnv: process.env };
/** Metadata of an object: the work that wrote it. */
const WORK_METADATA = "dbbackup-work";

/** A bucket of a service that speaks S3. Every part goes with its SHA-256, which the service checks. */
export class S3Store implements ObjectStore {
  readonly location: string;
  readonly maxParts = MAX_PARTS;
  readonly #sdk: Sdk;
  readonly #client: S3Client;
  readonly #settings: S3Settings;
  /** What TLS and the signature cover needs no further look. */
  readonly #etags: EtagCheck | undefined;
  /** Milliseconds that the service's clock is ahead of ours. */
  #clockAhead = 0;

  private constructor(sdk: Sdk, settings: S3Settings) {
    this.#sdk = sdk;
    const { bucket, prefix, region, endpoint, forcePathStyle, profile, credentials } = settings;
    this.location = `s3://${bucket}${prefix === "" ? "" : `/${prefix}`}`;
    this.#settings = settings;
    this.#etags = endpoint?.startsWith("http:") === true ? new EtagCheck() : undefined;
    this.#client = new sdk.S3Client({
      ...(region === undefined ? {} : { region }),
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(forcePathStyle === undefined ? {} : { forcePathStyle }),
      ...(profile === undefined ? {} : { profile }),
      ...(credentials === undefined ? {} : { credentials }),
      requestHandler: {
        connectionTimeout: 10_000,
        socketTimeout: 60_000,
        requestTimeout: 600_000,
        httpAgent: new PlainAgent(AGENT_OPTIONS),
        httpsAgent: new TlsAgent(AGENT_OPTIONS),
      },
      // Wrappers of the port repeat.
      maxAttempts: 1,
      // Other services than AWS do not all know the checksums that the SDK adds by itself; ours are given where they matter.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
    });
    this.#client.middlewareStack.add(
      (next) => async (args) => {
        const answer = await next(args);
        const { headers } = answer.response as { headers?: Record<string, string> };
        const date = Date.parse(headers?.date ?? "");
        if (!Number.isNaN(date)) this.#clockAhead = date - Date.now();
        return answer;
      },
      { step: "deserialize", name: "dbbackupClock" },
    );
    // The SHA-256 that the service is to check is that of the signature too: the SDK would compute it once more.
    this.#client.middlewareStack.add(
      (next) => async (args) => {
        const { ChecksumSHA256 } = args.input as { ChecksumSHA256?: string };
        const { headers } = args.request as { headers?: Record<string, string> };
        if (ChecksumSHA256 !== undefined && headers !== undefined) {
          headers["x-amz-content-sha256"] = Buffer.from(ChecksumSHA256, "base64").toString("hex");
        }
        return await next(args);
      },
      { step: "build", name: "dbbackupPayloadHash" },
    );
  }

  /** Loads the SDK. */
  static async open(settings: S3Settings): Promise<S3Store> {
    return new S3Store(await import("./s3-sdk.ts"), settings);
  }

  now(): Date {
    return new Date(Date.now() + this.#clockAhead);
  }

  async put(key: string, bytes: Uint8Array, { work, createOnly }: PutOptions): Promise<void> {
    const { ETag, ServerSideEncryption } = await this.#asking("writing", key, () =>
      this.#client.send(
        new this.#sdk.PutObjectCommand({
          ...this.#place(key),
          ...this.#writing(key, work),
          Body: bytes,
          ContentLength: bytes.length,
          // Said as well as given: object lock is refused without it.
          ChecksumAlgorithm: "SHA256",
          ChecksumSHA256: sha256(bytes),
          ...(createOnly ? { IfNoneMatch: "*" } : {}),
        }),
      ),
    );
    if (!this.#isOther(ETag, bytes, ServerSideEncryption)) return;
    // Its name is needed for what was to be written.
    if (createOnly) await this.remove(key);
    throw arrivedChanged(this.#urlOf(key));
  }

  async beginUpload(key: string, work: string): Promise<ObjectUpload> {
    const { UploadId } = await this.#asking("beginning an upload", key, () =>
      this.#client.send(
        new this.#sdk.CreateMultipartUploadCommand({
          ...this.#place(key),
          ...this.#writing(key, work),
          ChecksumAlgorithm: "SHA256",
        }),
      ),
    );
    return this.#upload(key, UploadId!, new Map());
  }

  async resumeUpload({ key, id }: UnfinishedUpload): Promise<ResumedUpload | undefined> {
    const parts = new Map<number, UploadedPart>();
    const partSizes: number[] = [];
    const isThere = await this.#asking("looking at an upload", key, async () => {
      try {
        for (let PartNumberMarker: string | undefined; ; ) {
          const page = await this.#client.send(
            new this.#sdk.ListPartsCommand({
              ...this.#place(key),
              UploadId: id,
              ...(PartNumberMarker === undefined ? {} : { PartNumberMarker }),
            }),
          );
          for (const { PartNumber, Size = 0, ETag, ChecksumSHA256 } of page.Parts ?? []) {
            if (PartNumber !== partSizes.length + 1 || ETag === undefined) return true;
            parts.set(PartNumber, { ETag, ...(ChecksumSHA256 === undefined ? {} : { ChecksumSHA256 }) });
            partSizes.push(Size);
          }
          if (page.IsTruncated !== true) return true;
          PartNumberMarker = page.NextPartNumberMarker!;
        }
      } catch (error) {
        if (failureOf(error).name === "NoSuchUpload") return false;
        throw error;
      }
    });
    return isThere ? { ...this.#upload(key, id, parts), partSizes } : undefined;
  }

  #upload(key: string, id: string, parts: Map<number, UploadedPart>): ObjectUpload {
    const place = { ...this.#place(key), UploadId: id };
    return {
      key,
      id,
      putPart: async (number, bytes) => {
        const ChecksumSHA256 = sha256(bytes);
        const { ETag, ServerSideEncryption } = await this.#asking("writing", key, () =>
          this.#client.send(
            new this.#sdk.UploadPartCommand({
              ...place,
              PartNumber: number,
              Body: bytes,
              ContentLength: bytes.length,
              ChecksumSHA256,
            }),
          ),
        );
        if (this.#isOther(ETag, bytes, ServerSideEncryption)) throw arrivedChanged(this.#urlOf(key));
        parts.set(number, { ETag: ETag!, ChecksumSHA256 });
      },
      complete: async (count) => {
        const Parts = Array.from({ length: count }, (_, index) => ({
          PartNumber: index + 1,
          ...parts.get(index + 1)!,
        }));
        await this.#asking("finishing an upload", key, () =>
          this.#client.send(
            new this.#sdk.CompleteMultipartUploadCommand({ ...place, MultipartUpload: { Parts }, IfNoneMatch: "*" }),
          ),
        );
      },
    };
  }

  async *unfinishedUploads(prefix: string): AsyncIterable<UnfinishedUpload> {
    let marker: { KeyMarker?: string; UploadIdMarker?: string } = {};
    for (;;) {
      const { Bucket, Key } = this.#place(prefix);
      const page = await this.#asking("listing uploads", prefix, () =>
        this.#client.send(new this.#sdk.ListMultipartUploadsCommand({ Bucket, Prefix: Key, ...marker })),
      );
      for (const { Key: key, UploadId: id, Initiated: begun } of page.Uploads ?? []) {
        if (key?.startsWith(Key) !== true || id === undefined) continue;
        yield { key: this.#keyOf(key), id, ...(begun === undefined ? {} : { begun }) };
      }
      if (page.IsTruncated !== true) return;
      marker = { KeyMarker: page.NextKeyMarker!, UploadIdMarker: page.NextUploadIdMarker! };
    }
  }

  async abandonUpload({ key, id }: UnfinishedUpload): Promise<void> {
    await this.#asking("removing an upload", key, async () => {
      try {
        await this.#client.send(new this.#sdk.AbortMultipartUploadCommand({ ...this.#place(key), UploadId: id }));
      } catch (error) {
        if (failureOf(error).name !== "NoSuchUpload") throw error;
      }
    });
  }

  async copy(from: string, to: string, size: number, work: string): Promise<void> {
    const place = this.#place(to);
    const { Bucket, Key } = this.#place(from);
    const source = { CopySource: `${Bucket}/${Key.split("/").map(encodeURIComponent).join("/")}` };
    await this.#asking("copying", to, async () => {
      const { UploadId } = await this.#client.send(
        new this.#sdk.CreateMultipartUploadCommand({ ...place, ...this.#writing(to, work) }),
      );
      const upload = { ...place, UploadId };
      try {
        const count = Math.max(1, Math.ceil(size / COPY_BYTES));
        const Parts: { PartNumber: number; ETag: string }[] = [];
        for (let first = 0; first < count; first += COPIES_AT_ONCE) {
          const numbers = Array.from({ length: Math.min(COPIES_AT_ONCE, count - first) }, (_, index) => first + index);
          const copied = numbers.map(async (number) => {
            const end = Math.min(size, (number + 1) * COPY_BYTES) - 1;
            const range = size === 0 ? {} : { CopySourceRange: `bytes=${number * COPY_BYTES}-${end}` };
            const { CopyPartResult } = await this.#client.send(
              new this.#sdk.UploadPartCopyCommand({ ...upload, ...source, ...range, PartNumber: number + 1 }),
            );
            return { PartNumber: number + 1, ETag: CopyPartResult!.ETag! };
          });
          Parts.push(...(await Promise.all(copied)));
        }
        await this.#client.send(
          new this.#sdk.CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, IfNoneMatch: "*" }),
        );
      } catch (error) {
        await this.abandonUpload({ key: to, id: UploadId! }).catch(() => {}); // The first error says what is wrong.
        throw error;
      }
    });
  }

  async head(key: string): Promise<ObjectState | undefined> {
    return await this.#asking("looking at", key, async () => {
      try {
        const found = await this.#client.send(new this.#sdk.HeadObjectCommand(this.#place(key)));
        return {
          key,
          size: found.ContentLength ?? 0,
          modified: found.LastModified ?? this.now(),
          version: found.ETag ?? "",
          work: found.Metadata?.[WORK_METADATA],
          lock: activeLock(found.ObjectLockRetainUntilDate, found.ObjectLockLegalHoldStatus === "ON", this.now()),
          hasVersions: found.VersionId !== undefined && found.VersionId !== "null",
        };
      } catch (error) {
        if (failureOf(error).status === 404) return undefined;
        throw error;
      }
    });
  }

  async read(key: string, version: string, position: number, target: Uint8Array): Promise<void> {
    if (target.length === 0) return;
    await this.#asking("reading", key, async () => {
      const answer = await this.#client.send(
        new this.#sdk.GetObjectCommand({
          ...this.#place(key),
          Range: `bytes=${position}-${position + target.length - 1}`,
          ...(version === "" ? {} : { IfMatch: version }),
        }),
      );
      const { Body, ContentRange: contentRange } = answer;
      await fillFromRange({ body: Body as Readable, contentRange }, position, target, this.#urlOf(key));
    });
  }

  async *list(prefix: string, recursive: boolean): AsyncIterable<ListedObject> {
    let ContinuationToken: string | undefined;
    do {
      const { Bucket, Key } = this.#place(prefix);
      const page = await this.#asking("listing", prefix, () =>
        this.#client.send(
          new this.#sdk.ListObjectsV2Command({
            Bucket,
            Prefix: Key,
            ...(recursive ? {} : { Delimiter: "/" }),
            ...(ContinuationToken === undefined ? {} : { ContinuationToken }),
          }),
        ),
      );
      const objects: ListedObject[] = [];
      for (const { Key: key, Size, LastModified } of page.Contents ?? []) {
        if (key?.startsWith(Key) !== true) continue;
        objects.push({ key: this.#keyOf(key), size: Size ?? 0, modified: LastModified ?? this.now() });
      }
      const folders = (page.CommonPrefixes ?? []).flatMap(({ Prefix: folder }) => folder ?? []);
      yield* inOrder(
        objects,
        folders.filter((folder) => folder.startsWith(Key)).map((folder) => this.#keyOf(folder)),
      );
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }

  async remove(key: string): Promise<void> {
    await this.#asking("removing", key, () => this.#client.send(new this.#sdk.DeleteObjectCommand(this.#place(key))));
  }

  async #asking<R>(doing: string, key: string, ask: () => Promise<R>): Promise<R> {
    try {
      return await ask();
    } catch (error) {
      throw s3Error(doing, this.#urlOf(key), error);
    }
  }

  #isOther(etag: string | undefined, bytes: Uint8Array, encryption: string | undefined): boolean {
    return this.#etags?.isOther(etag, bytes, encryption?.startsWith("aws:kms") === true) === true;
  }

  #place(key: string): { Bucket: string; Key: string } {
    const { bucket, prefix } = this.#settings;
    return { Bucket: bucket, Key: prefix === "" ? key : `${prefix}/${key}` };
  }

  #urlOf(key: string): string {
    return `${this.location}/${key}`;
  }

  #keyOf(key: string): string {
    const { prefix } = this.#settings;
    return prefix === "" ? key : key.slice(prefix.length + 1);
  }

  #writing(key: string, work: string) {
    const { storageClass, serverSideEncryption, retention } = this.#settings;
    const until = keptUntil(key, retention, this.now());
    return {
      Metadata: { [WORK_METADATA]: work },
      ...(until === undefined ? {} : { ObjectLockMode: lockMode(retention!), ObjectLockRetainUntilDate: until }),
      ...(storageClass === undefined ? {} : { StorageClass: storageClass as StorageClass }),
      ...(serverSideEncryption === undefined
        ? {}
        : {
            ServerSideEncryption: serverSideEncryption.algorithm as "aws:kms",
            ...(serverSideEncryption.keyId === undefined ? {} : { SSEKMSKeyId: serverSideEncryption.keyId }),
          }),
    };
  }
}

function lockMode({ mode }: Retention): "GOVERNANCE" | "COMPLIANCE" {
  return mode === "governance" ? "GOVERNANCE" : "COMPLIANCE";
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64");
}
