import { connect, type Socket } from "node:net";
import { authenticationOk, int32, message, parameterStatus, ready } from "./scripted-server.ts";
import { TcpListener } from "./tcp-listener.ts";

export interface PoolerOptions {
  readonly poolSize: number;
  /** `transaction`: a client has a server from a statement to the end of its transaction; `session`: to its own end. */
  readonly mode: "transaction" | "session";
}

/** A connection to the real server. */
interface Backend {
  readonly socket: Socket;
  client: Client | undefined;
}

interface Client {
  readonly socket: Socket;
  backend: Backend | undefined;
  waiting: Buffer[];
}

/**
 * A small pooler in front of a real server that trusts us, working as PgBouncer does where it matters to a client: logins
 * are answered by the pooler itself with a made-up process id, and the server used last is handed out first.
 */
export class TransactionPooler implements AsyncDisposable {
  #listener: TcpListener | undefined;
  readonly #options: PoolerOptions;
  readonly #free: Backend[] = [];
  readonly #clients = new Set<Client>();
  readonly #backends: Backend[] = [];

  private constructor(options: PoolerOptions) {
    this.#options = options;
  }

  static async start(targetPort: number, options: PoolerOptions): Promise<TransactionPooler> {
    const pooler = new TransactionPooler(options);
    for (let count = 0; count < options.poolSize; count++) await pooler.#openBackend(targetPort);
    pooler.#listener = await TcpListener.start((socket) => pooler.#accept(socket));
    return pooler;
  }

  get port(): number {
    return this.#listener!.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.#backends) socket.destroy();
    await this.#listener?.[Symbol.asyncDispose]();
  }

  async #openBackend(port: number): Promise<void> {
    const socket = connect(port, "127.0.0.1");
    const backend: Backend = { socket, client: undefined };
    const body = Buffer.concat([int32(3 << 16), Buffer.from("user\0postgres\0database\0postgres\0\0")]);
    socket.write(Buffer.concat([int32(body.length + 4), body]));
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      onMessages(socket, (type, bytes) => {
        if (backend.client === undefined) {
          if (type === "Z") resolve();
          return;
        }
        backend.client.socket.write(bytes);
        const isIdle = type === "Z" && bytes[5] === 0x49;
        if (isIdle && this.#options.mode === "transaction") this.#release(backend);
      });
    });
    this.#backends.push(backend);
    this.#free.push(backend);
  }

  #accept(socket: Socket): void {
    const client: Client = { socket, backend: undefined, waiting: [] };
    this.#clients.add(client);
    socket.on("close", () => {
      this.#clients.delete(client);
      if (client.backend !== undefined) this.#reset(client.backend);
    });
    socket.once("data", () => {
      const key = Buffer.concat([int32(987_654_321), int32(1)]);
      socket.write(
        Buffer.concat([authenticationOk, parameterStatus(["server_version", "18.4"]), message("K", key), ready]),
      );
      onMessages(socket, (type, bytes) => {
        if (type !== "X") this.#forward(client, bytes);
      });
    });
  }

  #forward(client: Client, bytes: Buffer): void {
    client.waiting.push(bytes);
    client.backend ??= this.#free.pop();
    if (client.backend === undefined) return;
    client.backend.client = client;
    for (const waiting of client.waiting.splice(0)) client.backend.socket.write(waiting);
  }

  #release(backend: Backend): void {
    if (backend.client !== undefined) backend.client.backend = undefined;
    backend.client = undefined;
    this.#free.push(backend);
    for (const client of this.#clients)
      if (client.backend === undefined && client.waiting.length > 0) this.#forward(client, Buffer.alloc(0));
  }

  /** Its client went away in the middle of a transaction. */
  #reset(backend: Backend): void {
    backend.client = undefined;
    backend.socket.write(message("Q", Buffer.from("rollback\0")));
    this.#free.push(backend);
  }
}

/** Whole messages of a stream: type and all bytes. */
function onMessages(socket: Socket, take: (type: string, bytes: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
      const length = rest.readUInt32BE(1) + 1;
      take(String.fromCharCode(rest[0]!), rest.subarray(0, length));
      rest = rest.subarray(length);
    }
  });
}
