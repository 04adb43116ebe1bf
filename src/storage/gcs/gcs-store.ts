import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { AuthClient } from "google-auth-library";
import * as v from "valibot";
import { BackupError } from "../../core/backup-error.ts";
import { activeLock } from "../../core/object-lock.ts";
import type {
  ListedObject,
  ObjectState,
  ObjectStore,
  ObjectUpload,
  PutOptions,
  UnfinishedUpload,
} from "../../ports/object-store.ts";
import { fillFromRange } from "../object/fill-from-range.ts";
import { inOrder } from "../object/listed-folder.ts";
import { keptUntil, type Retention } from "../object/retention.ts";
import { anotherObject, arrivedChanged, unusableAnswer } from "../object/transfer-errors.ts";
import { Crc32c } from "./crc32c.ts";
import { askGcs, type GcsAnswer, type GcsQuestion, wholeAnswer } from "./gcs-answer.ts";
import { credentialsError, GcsRefusal, gcsError } from "./gcs-error.ts";
import type { GcsSettings } from "./gcs-settings.ts";
import { GcsUpload, isGone, isOfSession } from "./gcs-upload.ts";

type Sdk = typeof import("./gcs-sdk.ts");

/** An object is 5 TiB at most, which is so many parts of the sizes that are sent. */
const MAX_PARTS = 85_670;
/** Metadata of an object: the work that wrote it. */
const WORK_METADATA = "dbbackup-work";
/** Reads and writes objects, and can do nothing else. */
const SCOPE = "https://www.googleapis.com/auth/devstorage.read_write";
/** Of answers that describe an object. */
const OBJECT_FIELDS =
  "name,size,timeCreated,generation,crc32c,metadata,retentionExpirationTime,temporaryHold,eventBasedHold";

const objectSchema = v.object({
  name: v.string(),
  size: v.pipe(v.string(), v.digits(), v.transform(Number)),
  timeCreated: v.pipe(v.string(), v.isoTimestamp()),
  generation: v.string(),
  /** Emulators may leave it out. */
  crc32c: v.optional(v.string()),
  metadata: v.optional(v.record(v.string(), v.string())),
  retentionExpirationTime: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  temporaryHold: v.optional(v.boolean(), false),
  eventBasedHold: v.optional(v.boolean(), false),
});
const pageSchema = v.object({
  items: v.optional(v.array(v.pick(objectSchema, ["name", "size", "timeCreated"])), []),
  prefixes: v.optional(v.array(v.string()), []),
  nextPageToken: v.optional(v.string()),
});
const rewriteSchema = v.object({
  done: v.boolean(),
  rewriteToken: v.optional(v.string()),
  resource: v.optional(objectSchema),
});

/**
 * A bucket of Google Cloud Storage, through its JSON API (https://cloud.google.com/storage/docs/json_api/v1). Each object goes with its
 * CRC-32C, which the service checks. Google's own storage client is not used: it takes an object as one stream and
 * repeats requests by itself, so that nobody learns which bytes are kept while they come.
 */
export class GcsStore implements ObjectStore {
  readonly location: string;
  readonly maxParts = MAX_PARTS;
  readonly #settings: GcsSettings;
  readonly #sdk: Sdk | undefined;
  /** URIs of the sessions of unfinished uploads, by the ids that we gave them. */
  readonly #sessions = new Map<string, string>();
  #client: Promise<AuthClient> | undefined;
  /** Milliseconds that the service's clock is ahead of ours. */
  #clockAhead = 0;

  private constructor(settings: GcsSettings, sdk: Sdk | undefined) {
    const { bucket, prefix } = settings;
    this.location = `gs://${bucket}${prefix === "" ? "" : `/${prefix}`}`;
    this.#settings = settings;
    this.#sdk = sdk;
  }

  /** Loads the SDK, which finds credentials. */
  static async open(settings: GcsSettings): Promise<GcsStore> {
    return new GcsStore(settings, settings.isAnonymous ? undefined : await import("./gcs-sdk.ts"));
  }

  now(): Date {
    return new Date(Date.now() + this.#clockAhead);
  }

  async put(key: string, bytes: Uint8Array, { work, createOnly }: PutOptions): Promise<void> {
    await this.#asking("writing", key, async () => {
      const crc32c = new Crc32c().update(bytes).toBase64();
      const boundary = randomUUID();
      const part = (type: string) => `--${boundary}\r\nContent-Type: ${type}\r\n\r\n`;
      const described = JSON.stringify({ ...this.#description(key, work), crc32c });
      const answer = await this.#ask({
        method: "POST",
        url: this.#uploadUrl("multipart", createOnly ? { ifGenerationMatch: "0" } : {}),
        headers: { "content-type": `multipart/related; boundary=${boundary}` },
        body: [
          Buffer.from(`${part("application/json; charset=UTF-8")}${described}\r\n${part("application/octet-stream")}`),
          bytes,
          Buffer.from(`\r\n--${boundary}--\r\n`),
        ],
      });
      if (!(await this.#hasArrived(answer, key, bytes.length, crc32c))) throw arrivedChanged(this.#urlOf(key));
    });
  }

  async beginUpload(key: string, work: string): Promise<ObjectUpload> {
    return await this.#asking("beginning an upload", key, async () => {
      const body = Buffer.from(JSON.stringify(this.#description(key, work)));
      const { headers } = await this.#ask({
        method: "POST",
        url: this.#uploadUrl("resumable", { ifGenerationMatch: "0" }),
        headers: {
          "content-type": "application/json; charset=UTF-8",
          "x-upload-content-type": "application/octet-stream",
        },
        body: [body],
      }).catch((error: unknown) => {
        throw error instanceof GcsRefusal && error.status === 412 ? this.#takenMeanwhile(key, error) : error;
      });
      if (headers.location === undefined) throw this.#failure(key, "the answer names no upload", "maybe");
      // Who knows the URI may write: nobody is told, and records of runs get a name for it.
      const id = randomUUID();
      this.#sessions.set(id, headers.location);
      return this.#upload(key, id);
    });
  }

  #upload(key: string, id: string): GcsUpload {
    const failure = (reason: string, retry: "maybe" | "never") => this.#failure(key, reason, retry);
    return new GcsUpload({
      key,
      id,
      failure,
      send: (contentRange, body, headers = {}) =>
        this.#asking("writing", key, async () => {
          const url = this.#sessionUrl(id);
          const question = {
            method: "PUT",
            url,
            headers: { ...headers, "content-range": contentRange },
            body,
          } as const;
          const answer = await wholeAnswer(await this.#answerTo(question));
          if (isOfSession(answer)) return answer;
          const refusal = new GcsRefusal(answer);
          // Sent once more it would be changed still: what of it arrived changed cannot be told.
          if (refusal.status === 400) throw failure(gcsError("", "", refusal).message.replace(/^.*?: /, ""), "never");
          throw refusal.status === 404 ? new GcsRefusal({ ...answer, status: 410 }) : refusal;
        }),
      hasArrived: (answer, size, crc32c) =>
        this.#asking("finishing an upload", key, async () => {
          const isTheSame = await this.#hasArrived(answer, key, size, crc32c);
          this.#sessions.delete(id);
          return isTheSame;
        }),
    });
  }

  /** Google lists none, and forgets them after a week. */
  async *unfinishedUploads(): AsyncIterable<UnfinishedUpload> {}

  async abandonUpload({ key, id }: UnfinishedUpload): Promise<void> {
    // One of another process: nobody but it knows where it is.
    if (!this.#sessions.has(id)) return;
    await this.#asking("removing an upload", key, async () => {
      const question = { method: "DELETE", url: this.#sessionUrl(id), headers: { "content-length": "0" } } as const;
      const answer = await wholeAnswer(await this.#answerTo(question));
      if (!isGone(answer)) throw new GcsRefusal(answer);
      this.#sessions.delete(id);
    });
  }

  async copy(from: string, to: string, size: number, work: string): Promise<void> {
    const { kmsKey } = this.#settings;
    await this.#asking("copying", to, async () => {
      const body = [Buffer.from(JSON.stringify(this.#description(to, work)))];
      const target = `rewriteTo/b/${encodeURIComponent(this.#settings.bucket)}/o/${encodeURIComponent(this.#nameOf(to))}`;
      for (let rewriteToken: string | undefined; ; ) {
        const url = this.#url(`${this.#objectPath(from)}/${target}`, {
          ifGenerationMatch: "0",
          rewriteToken,
          destinationKmsKeyName: kmsKey,
          fields: `done,rewriteToken,resource(${OBJECT_FIELDS})`,
        });
        const headers = { "content-type": "application/json; charset=UTF-8" };
        const answer = await this.#ask({ method: "POST", url, headers, body });
        const { done, resource, rewriteToken: next } = this.#parsed(rewriteSchema, answer, to);
        if (done && resource?.size === size) return;
        if (done && resource !== undefined) await this.#removeGeneration(to, resource.generation);
        if (done || next === undefined) throw this.#failure(to, `the copy has not ${size} bytes`, "never");
        rewriteToken = next;
      }
    });
  }

  async head(key: string): Promise<ObjectState | undefined> {
    return await this.#asking("looking at", key, async () => {
      const url = this.#url(this.#objectPath(key), { fields: OBJECT_FIELDS });
      try {
        const found = this.#parsed(objectSchema, await this.#ask({ method: "GET", url, headers: {} }), key);
        const kept = found.retentionExpirationTime;
        return {
          key,
          size: found.size,
          modified: new Date(found.timeCreated),
          version: found.generation,
          work: found.metadata?.[WORK_METADATA],
          lock: activeLock(
            kept === undefined ? undefined : new Date(kept),
            found.temporaryHold || found.eventBasedHold,
            this.now(),
          ),
        };
      } catch (error) {
        if (error instanceof GcsRefusal && error.status === 404) return undefined;
        throw error;
      }
    });
  }

  async read(key: string, version: string, position: number, target: Uint8Array): Promise<void> {
    if (target.length === 0) return;
    await this.#asking("reading", key, async () => {
      const url = this.#url(this.#objectPath(key), {
        alt: "media",
        ...(version === "" ? {} : { ifGenerationMatch: version }),
      });
      const headers = { range: `bytes=${position}-${position + target.length - 1}`, "accept-encoding": "identity" };
      const answer = await this.#answerTo({ method: "GET", url, headers });
      if (answer.statusCode === 412) {
        answer.resume();
        throw anotherObject(this.#urlOf(key));
      }
      if (answer.statusCode! >= 300) throw new GcsRefusal(await wholeAnswer(answer));
      const contentRange = answer.headers["content-range"];
      await fillFromRange({ body: answer, contentRange }, position, target, this.#urlOf(key));
    });
  }

  async *list(prefix: string, recursive: boolean): AsyncIterable<ListedObject> {
    const below = this.#nameOf(prefix);
    let pageToken: string | undefined;
    do {
      const page = await this.#asking("listing", prefix, async () => {
        const url = this.#url(this.#bucketPath("/o"), {
          prefix: below,
          delimiter: recursive ? undefined : "/",
          pageToken,
          fields: "items(name,size,timeCreated),prefixes,nextPageToken",
        });
        return this.#parsed(pageSchema, await this.#ask({ method: "GET", url, headers: {} }), prefix);
      });
      const objects = page.items
        .filter(({ name }) => name.startsWith(below))
        .map(({ name, size, timeCreated }) => ({ key: this.#keyOf(name), size, modified: new Date(timeCreated) }));
      const folders = page.prefixes.filter((folder) => folder.startsWith(below));
      yield* inOrder(
        objects,
        folders.map((folder) => this.#keyOf(folder)),
      );
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
  }

  async remove(key: string): Promise<void> {
    await this.#asking("removing", key, () => this.#removeGeneration(key, undefined));
  }

  async #removeGeneration(key: string, ifGenerationMatch: string | undefined): Promise<void> {
    try {
      await this.#ask({ method: "DELETE", url: this.#url(this.#objectPath(key), { ifGenerationMatch }), headers: {} });
    } catch (error) {
      if (!(error instanceof GcsRefusal) || error.status !== 404 || error.isOfBucket) throw error;
    }
  }

  async #asking<R>(doing: string, key: string, ask: () => Promise<R>): Promise<R> {
    try {
      return await ask();
    } catch (error) {
      throw gcsError(doing, this.#urlOf(key), error);
    }
  }

  /** @throws GcsRefusal unless it was done */
  async #ask(question: GcsQuestion): Promise<GcsAnswer> {
    const answer = await wholeAnswer(await this.#answerTo(question));
    if (answer.status < 200 || answer.status >= 300) throw new GcsRefusal(answer);
    return answer;
  }

  async #answerTo(question: GcsQuestion): Promise<IncomingMessage> {
    const headers = { ...question.headers, ...(await this.#credentials()) };
    const answer = await askGcs({ ...question, headers });
    const date = Date.parse(answer.headers.date ?? "");
    if (!Number.isNaN(date)) this.#clockAhead = date - Date.now();
    return answer;
  }

  async #credentials(): Promise<Record<string, string>> {
    if (this.#sdk === undefined) return {};
    try {
      this.#client ??= authorizedClient(this.#sdk);
      return Object.fromEntries(await (await this.#client).getRequestHeaders());
    } catch (error) {
      this.#client = undefined;
      throw credentialsError(this.location, error);
    }
  }

  /** Whether the object that was made is the one that was sent; another one is removed. */
  async #hasArrived(answer: GcsAnswer, key: string, size: number, crc32c: string): Promise<boolean> {
    const made = this.#parsed(objectSchema, answer, key);
    if (made.size === size && (made.crc32c === undefined || made.crc32c === crc32c)) return true;
    await this.#removeGeneration(key, made.generation);
    return false;
  }

  #parsed<const S extends v.GenericSchema>(schema: S, { body }: GcsAnswer, key: string): v.InferOutput<S> {
    const parsed = v.safeParse(schema, JSON.parse(body.toString("utf8")));
    if (parsed.success) return parsed.output;
    throw unusableAnswer("the answer is not one of Google Cloud Storage", this.#urlOf(key));
  }

  #failure(key: string, reason: string, retry: "maybe" | "never"): BackupError {
    return new BackupError({
      code: "IO",
      message: `writing failed: ${reason}`,
      object: this.#urlOf(key),
      hint: "run again",
      retry,
    });
  }

  #takenMeanwhile(key: string, cause: unknown): BackupError {
    return new BackupError({
      code: "IO",
      message: `another run has written an object of the same name in the meantime: "${key}"`,
      object: this.#urlOf(key),
      hint: "run again: this backup gets another name then",
      cause,
    });
  }

  #description(key: string, work: string): object {
    const { storageClass, retention } = this.#settings;
    const until = keptUntil(key, retention, this.now());
    return {
      name: this.#nameOf(key),
      contentType: "application/octet-stream",
      metadata: { [WORK_METADATA]: work },
      ...(storageClass === undefined ? {} : { storageClass }),
      ...(until === undefined
        ? {}
        : { retention: { mode: retentionMode(retention!), retainUntilTime: until.toISOString() } }),
    };
  }

  #uploadUrl(uploadType: string, parameters: Readonly<Record<string, string>>): URL {
    const { kmsKey } = this.#settings;
    const path = `/upload${this.#bucketPath("/o")}`;
    return this.#url(path, { uploadType, kmsKeyName: kmsKey, fields: OBJECT_FIELDS, ...parameters });
  }

  /** At the endpoint that was named: a private one is not left. */
  #sessionUrl(id: string): URL {
    const { pathname, search } = new URL(this.#sessions.get(id)!, this.#settings.endpoint);
    return new URL(`${pathname}${search}`, this.#settings.endpoint);
  }

  #bucketPath(path: string): string {
    return `/storage/v1/b/${encodeURIComponent(this.#settings.bucket)}${path}`;
  }

  #objectPath(key: string): string {
    return this.#bucketPath(`/o/${encodeURIComponent(this.#nameOf(key))}`);
  }

  #url(path: string, parameters: Readonly<Record<string, string | undefined>>): URL {
    const url = new URL(`${this.#settings.endpoint}${path}`);
    const all = { ...parameters, userProject: this.#settings.project };
    for (const [name, value] of Object.entries(all)) if (value !== undefined) url.searchParams.set(name, value);
    return url;
  }

  #nameOf(key: string): string {
    const { prefix } = this.#settings;
    return prefix === "" ? key : `${prefix}/${key}`;
  }

  #keyOf(name: string): string {
    const { prefix } = this.#settings;
    return prefix === "" ? name : name.slice(prefix.length + 1);
  }

  #urlOf(key: string): string {
    return `${this.location}/${key}`;
  }
}

async function authorizedClient({ GoogleAuth, JWT }: Sdk): Promise<AuthClient> {
  // No project is needed. Without one here it would be looked for: by gcloud, by the machine, by another service of Google.
  const client = await new GoogleAuth({ scopes: [SCOPE], projectId: "none" }).getClient();
  // A key file signs its own tokens: there is nobody to be asked for one, who might not be reached.
  if (client instanceof JWT) client.useJWTAccessWithScope = true;
  return client;
}

/** One that is not locked can be shortened and removed by those with the right to it. */
function retentionMode({ mode }: Retention): "Unlocked" | "Locked" {
  return mode === "governance" ? "Unlocked" : "Locked";
}
