import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, type GcsObject } from "./gcs-object.ts";

/** An answer that is ready, and may still get lost. */
export class Answer {
  readonly headers: Record<string, string> = {};
  readonly #response: ServerResponse;
  readonly #clockAhead: number;
  #status = 500;
  #body: Buffer = Buffer.alloc(0);

  constructor(response: ServerResponse, clockAhead: number) {
    this.#response = response;
    this.#clockAhead = clockAhead;
  }

  bytes(status: number, body: Buffer): this {
    this.#status = status;
    this.#body = body;
    return this;
  }

  empty(status: number): this {
    return this.bytes(status, Buffer.alloc(0));
  }

  json(status: number, document: object): this {
    this.headers["content-type"] = "application/json; charset=UTF-8";
    return this.bytes(status, Buffer.from(JSON.stringify(document)));
  }

  object(object: GcsObject): this {
    return this.json(200, describe(object));
  }

  send(isFlipped = false): void {
    this.#begin().end(isFlipped ? flipped(this.#body) : this.#body);
  }

  async breakOff(): Promise<void> {
    const response = this.#begin();
    response.write(this.#body.subarray(0, this.#body.length >> 1));
    await sleep(20);
    response.destroy();
  }

  #begin(): ServerResponse {
    const date = new Date(Date.now() + this.#clockAhead).toUTCString();
    const headers = { ...this.headers, date, "content-length": `${this.#body.length}` };
    return this.#response.writeHead(this.#status, headers);
  }
}

/** Not what the fate "flipped" changes: what arrived changed must not come back whole. */
function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length >> 1]! ^= 2;
  return copy;
}
