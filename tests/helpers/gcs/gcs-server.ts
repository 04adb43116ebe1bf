import { createHash, createPublicKey, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Crc32c } from "../../../src/storage/gcs/crc32c.ts";
import { Answer } from "./gcs-answer.ts";
import { type Described, describe, found, type GcsObject, refuseRetained, withoutHashes } from "./gcs-object.ts";
import type { GcsFate, GcsServerWishes } from "./gcs-wishes.ts";
import { bytesOf, partsOf } from "./message-bodies.ts";
import { Refusal } from "./refusal.ts";
import { isSigned } from "./signed-token.ts";

const GRAIN = 256 * 1024;

interface Session {
  readonly bucket: string;
  readonly parameters: URLSearchParams;
  readonly described: Described;
  kept: Buffer[];
  made?: GcsObject;
}

/** A server that speaks as much of Google Cloud Storage's JSON API as backups need, as its pages describe it; all in memory. */
export interface GcsServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly wishes: GcsServerWishes;
  readonly buckets: ReadonlyMap<string, ReadonlyMap<string, GcsObject>>;
  /** Uploads that were begun and not finished, by their ids. */
  readonly sessions: Map<string, Session>;
  /** Methods and paths that were asked, in order. */
  readonly asked: string[];
  /** What stood behind the question mark of each. */
  readonly queries: URLSearchParams[];
  makeBucket(name: string): void;
  /** The same server at another address, where other things happen to requests. */
  disturbed(fate: NonNullable<GcsServerWishes["fate"]>): Promise<{ readonly endpoint: string } & AsyncDisposable>;
}

export async function startGcsServer(wishes: GcsServerWishes = {}): Promise<GcsServer> {
  const state = new GcsState(wishes);
  const { endpoint, ...listening } = await listen(state, (request) => state.wishes.fate?.(request));
  state.endpoint = endpoint;
  return Object.assign(state, listening);
}

async function listen(state: GcsState, fate: NonNullable<GcsServerWishes["fate"]>) {
  const server = createServer((request, response) => {
    state.serve(request, response, fate(request)).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

class GcsState {
  endpoint = "";
  readonly wishes: GcsServerWishes;
  readonly buckets = new Map<string, Map<string, GcsObject>>();
  readonly sessions = new Map<string, Session>();
  readonly asked: string[] = [];
  readonly queries: URLSearchParams[] = [];
  readonly #tokens = new Set<string>();
  readonly #rewrites = new Map<string, number>();
  #generation = 1_700_000_000_000_000;

  constructor(wishes: GcsServerWishes) {
    this.wishes = wishes;
  }

  makeBucket(name: string): void {
    this.buckets.set(name, new Map());
  }

  disturbed(fate: NonNullable<GcsServerWishes["fate"]>): Promise<{ readonly endpoint: string } & AsyncDisposable> {
    return listen(this, fate);
  }

  async serve(request: IncomingMessage, response: ServerResponse, fate: GcsFate | undefined): Promise<void> {
    const url = new URL(request.url!, this.endpoint);
    const body = await bytesOf(request);
    this.asked.push(`${request.method} ${url.pathname}`);
    this.queries.push(url.searchParams);
    if (fate === "lost") {
      request.socket.destroy();
      return;
    }
    if (fate === "flipped" && body.length > 0) body[body.length >> 1]! ^= 1;
    if (fate === "range-ignored") delete request.headers.range;
    if (fate === "delayed") await sleep(100);
    const answer = new Answer(response, this.wishes.clockAhead ?? 0);
    try {
      if (fate === "unavailable") throw new Refusal(503, "backendError", "Backend Error");
      if (fate === "slow-down") throw new Refusal(429, "rateLimitExceeded", "The object exceeded the rate limit");
      if (this.#giveToken(request, url.pathname, body, answer)) {
        answer.send();
        return;
      }
      this.#authorize(request);
      this.#route(
        request,
        url,
        fate === "cut-chunk" ? body.subarray(0, body.length >> 1) : body,
        answer,
        fate === "cut-chunk",
      );
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { status, reason, message } = error;
      answer.json(status, { error: { code: status, message, errors: [{ domain: "global", reason, message }] } });
    }
    if (fate === "answer-lost" || fate === "cut-chunk") request.socket.destroy();
    else if (fate === "truncated") await answer.breakOff();
    else answer.send(fate === "answer-flipped");
  }

  /** What the service for tokens and the metadata of a machine answer. */
  #giveToken({ headers }: IncomingMessage, path: string, body: Buffer, answer: Answer): boolean {
    const isExchange =
      path === "/token" && new URLSearchParams(body.toString()).get("subject_token") === this.wishes.subjectToken;
    const isMachine =
      path === "/computeMetadata/v1/instance/service-accounts/default/token" && headers["metadata-flavor"] === "Google";
    if (!isExchange && !isMachine) return false;
    const token = randomUUID();
    this.#tokens.add(token);
    answer.headers["metadata-flavor"] = "Google";
    answer.json(200, {
      access_token: token,
      token_type: "Bearer",
      expires_in: 3600,
      issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
    });
    return true;
  }

  /** A token that was given out, or that the account signed for itself (https://google.aip.dev/auth/4111). */
  #authorize({ headers }: IncomingMessage): void {
    if (this.wishes.publicKey === undefined) return;
    const token = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? "";
    if (this.#tokens.has(token) || isSigned(token, createPublicKey(this.wishes.publicKey))) return;
    throw new Refusal(401, "authError", "Invalid Credentials");
  }

  #route(request: IncomingMessage, url: URL, body: Buffer, answer: Answer, isCut: boolean): Answer {
    const [, upload, bucketName = "", , name, rest] =
      /^(\/upload)?\/storage\/v1\/b\/([^/]+)\/o(\/([^/]+)(\/.*)?)?$/.exec(url.pathname) ?? [];
    const bucket = this.buckets.get(decodeURIComponent(bucketName));
    if (bucket === undefined) throw new Refusal(404, "notFound", "The specified bucket does not exist.");
    const what = `${request.method}${upload === undefined ? "" : " upload"}${name === undefined ? "" : " object"}`;
    const key = decodeURIComponent(name ?? "");
    if (rest !== undefined) return this.#rewrite(bucket, key, rest, url.searchParams, body, answer);
    switch (what) {
      case "POST upload":
        return this.#insert(request, bucketName, url.searchParams, body, answer);
      case "PUT upload":
        return this.#continue(request, url.searchParams.get("upload_id") ?? "", body, answer, isCut);
      case "DELETE upload":
        if (!this.sessions.delete(url.searchParams.get("upload_id") ?? "")) throw gone();
        return answer.empty(499);
      case "GET":
        return this.#list(bucket, url.searchParams, answer);
      case "GET object":
        return this.#get(request, found(bucket, key), url.searchParams, answer);
      case "DELETE object":
        this.#check(bucket.get(found(bucket, key).name), url.searchParams);
        this.#mayRemove(key);
        refuseRetained(found(bucket, key));
        bucket.delete(key);
        return answer.empty(204);
      default:
        throw new Refusal(400, "invalid", `unknown: ${what}`);
    }
  }

  #mayRemove(name: string): void {
    const { keeps, keepsNot } = this.wishes;
    if (keepsNot !== undefined && name.includes(keepsNot)) return;
    if (keeps === "right") {
      throw new Refusal(403, "forbidden", "writer does not have storage.objects.delete access to the object.");
    }
    if (keeps === "retention") {
      throw new Refusal(
        403,
        "retentionPolicyNotMet",
        "Object is subject to bucket's retention policy and cannot be deleted or overwritten",
      );
    }
  }

  #check(object: GcsObject | undefined, parameters: URLSearchParams): void {
    const wanted = parameters.get("ifGenerationMatch");
    if (wanted === null || wanted === `${object?.generation ?? 0}`) return;
    throw new Refusal(412, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.");
  }

  #store(bucketName: string, described: Described, bytes: Buffer, parameters: URLSearchParams): GcsObject {
    const bucket = this.buckets.get(decodeURIComponent(bucketName))!;
    const name = described.name ?? parameters.get("name") ?? "";
    if (name === "") throw new Refusal(400, "required", "Required");
    this.#check(bucket.get(name), parameters);
    if (bucket.has(name)) this.#mayRemove(name);
    const hashes = {
      crc32c: new Crc32c().update(bytes).toBase64(),
      md5Hash: createHash("md5").update(bytes).digest("base64"),
    };
    checkHash("CRC32C", described.crc32c, hashes.crc32c);
    checkHash("MD5", described.md5Hash, hashes.md5Hash);
    if (described.retention !== undefined && this.wishes.objectRetention !== true) {
      throw new Refusal(400, "invalid", "The bucket is not enabled for object retention.");
    }
    const created = new Date(Date.now() + (this.wishes.clockAhead ?? 0));
    const kmsKeyName = parameters.get("kmsKeyName") ?? parameters.get("destinationKmsKeyName");
    const object: GcsObject = {
      name,
      bytes,
      generation: ++this.#generation,
      created,
      described: { ...described, ...(kmsKeyName === null ? {} : { kmsKeyName }) },
      ...hashes,
    };
    bucket.set(name, object);
    return object;
  }

  #insert(request: IncomingMessage, bucket: string, parameters: URLSearchParams, body: Buffer, answer: Answer): Answer {
    switch (parameters.get("uploadType")) {
      case "media":
        return answer.object(this.#store(bucket, {}, body, parameters));
      case "multipart": {
        const [described, media] = partsOf(request, body);
        return answer.object(this.#store(bucket, JSON.parse(described!.toString()), media!, parameters));
      }
      case "resumable": {
        const described = JSON.parse(body.toString() || "{}") as Described;
        this.#check(this.buckets.get(decodeURIComponent(bucket))!.get(described.name ?? ""), parameters);
        const id = randomUUID();
        this.sessions.set(id, { bucket, parameters, described, kept: [] });
        answer.headers.location = `${this.endpoint}/upload/storage/v1/b/${bucket}/o?uploadType=resumable&upload_id=${id}`;
        return answer.empty(200);
      }
      default:
        throw new Refusal(400, "invalid", "uploadType");
    }
  }

  /** One request of a session: a chunk, the end, or a question. */
  #continue(request: IncomingMessage, id: string, body: Buffer, answer: Answer, isCut: boolean): Answer {
    const session = this.sessions.get(id) ?? this.#finished.get(id);
    if (session === undefined) throw gone();
    if (session.made !== undefined) return answer.object(session.made);
    const size = (): number => session.kept.reduce((sum, { length }) => sum + length, 0);
    const [, from, to, total] =
      /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(request.headers["content-range"] ?? "") ?? [];
    if (total === undefined) throw new Refusal(400, "badRequest", "Failed to parse Content-Range header.");
    const isLast = total !== "*" && !isCut;
    if (from !== undefined) {
      if (!isCut && Number(to) - Number(from) + 1 !== body.length)
        throw new Refusal(400, "badRequest", "Content-Range and Content-Length differ.");
      if (Number(from) > size())
        throw new Refusal(503, "backendError", "Invalid request. There were bytes missing before.");
      const news = body.subarray(size() - Number(from));
      const limit = isLast ? news.length : Math.min(news.length, this.wishes.keptOfChunk ?? news.length);
      // Of what is not the end, only whole grains are kept.
      session.kept.push(news.subarray(0, isLast ? limit : limit - (limit % GRAIN)));
    }
    if (!isLast || size() !== Number(total)) {
      if (size() > 0) answer.headers.range = `bytes=0-${size() - 1}`;
      return answer.empty(308);
    }
    const hash = /(?:^|,)crc32c=([^,]+)/.exec(String(request.headers["x-goog-hash"] ?? ""))?.[1];
    this.sessions.delete(id);
    const described = { ...session.described, ...(hash === undefined ? {} : { crc32c: hash }) };
    session.made = this.#store(session.bucket, described, Buffer.concat(session.kept), session.parameters);
    session.kept = [];
    this.#finished.set(id, session);
    return answer.object(session.made);
  }
  readonly #finished = new Map<string, Session>();

  #get(request: IncomingMessage, object: GcsObject, parameters: URLSearchParams, answer: Answer): Answer {
    this.#check(object, parameters);
    if (parameters.get("alt") !== "media") return answer.object(object);
    const { bytes } = object;
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    if (from === undefined) return answer.bytes(200, bytes);
    if (Number(from) >= bytes.length)
      throw new Refusal(416, "requestedRangeNotSatisfiable", "Request range not satisfiable");
    const end = Math.min(Number(to), bytes.length - 1);
    answer.headers["content-range"] = `bytes ${from}-${end}/${bytes.length}`;
    return answer.bytes(206, bytes.subarray(Number(from), end + 1));
  }

  #list(bucket: ReadonlyMap<string, GcsObject>, parameters: URLSearchParams, answer: Answer): Answer {
    const prefix = parameters.get("prefix") ?? "";
    const delimiter = parameters.get("delimiter");
    const after = Buffer.from(parameters.get("pageToken") ?? "", "base64url");
    const upToDelimiter = (name: string): string => {
      const at = delimiter === null ? -1 : name.indexOf(delimiter, prefix.length);
      return at === -1 ? name : name.slice(0, at + 1);
    };
    const all = [...bucket.keys()].filter((name) => name.startsWith(prefix)).map(upToDelimiter);
    const names = [...new Set(all)]
      .filter((name) => Buffer.compare(Buffer.from(name), after) > 0)
      .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const page = names.slice(0, this.wishes.pageSize ?? 1000);
    const isPrefix = (name: string): boolean => delimiter !== null && name.endsWith(delimiter);
    return answer.json(200, {
      kind: "storage#objects",
      items: page.filter((name) => !isPrefix(name)).map((name) => describe(bucket.get(name)!)),
      prefixes: page.filter(isPrefix),
      ...(page.length < names.length ? { nextPageToken: Buffer.from(page.at(-1)!).toString("base64url") } : {}),
    });
  }

  #rewrite(
    bucket: ReadonlyMap<string, GcsObject>,
    key: string,
    rest: string,
    parameters: URLSearchParams,
    body: Buffer,
    answer: Answer,
  ): Answer {
    const source = found(bucket, key);
    const [, toBucket = "", name = ""] = /^\/rewriteTo\/b\/([^/]+)\/o\/([^/]+)$/.exec(rest) ?? [];
    const target = this.buckets.get(decodeURIComponent(toBucket));
    if (target === undefined) throw new Refusal(404, "notFound", "The specified bucket does not exist.");
    this.#check(target.get(decodeURIComponent(name)), parameters);
    const token = parameters.get("rewriteToken");
    const before = token === null ? 0 : this.#rewrites.get(token);
    if (before === undefined) throw new Refusal(400, "invalid", "Invalid rewrite token");
    const written = Math.min(source.bytes.length, before + (this.wishes.rewrittenAtOnce ?? source.bytes.length));
    const told = {
      kind: "storage#rewriteResponse",
      totalBytesRewritten: `${written}`,
      objectSize: `${source.bytes.length}`,
    };
    if (written < source.bytes.length) {
      const rewriteToken = randomUUID();
      this.#rewrites.set(rewriteToken, written);
      return answer.json(200, { ...told, done: false, rewriteToken });
    }
    const described = {
      ...withoutHashes(source.described),
      ...(JSON.parse(body.toString() || "{}") as Described),
      name: decodeURIComponent(name),
    };
    const made = this.#store(toBucket, described, Buffer.from(source.bytes), parameters);
    return answer.json(200, { ...told, done: true, resource: describe(made) });
  }
}

function gone(): Refusal {
  return new Refusal(410, "gone", "The upload session is not there any more.");
}

function checkHash(name: string, given: string | undefined, calculated: string): void {
  if (given === undefined || given === calculated) return;
  throw new Refusal(400, "invalid", `Provided ${name} "${given}" doesn't match calculated ${name} "${calculated}".`);
}
