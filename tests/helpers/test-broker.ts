import { chmod, mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { guardFolder } from "./guard.ts";

/**
 * Test files run in processes of their own that come and go, so what they share belongs to the process that runs
 * `globalSetup`; it answers questions on a socket named by this variable.
 */
const BROKER_VARIABLE = "DBBACKUP_TEST_BROKER";

/** What a kind of shared thing is: made when first asked for, kept for the whole run. */
export interface SharedKind {
  /** Makes the thing `name`; the answer goes to the one who asks as JSON. `folder` is removed at the end. */
  make(name: string, folder: string): Promise<unknown>;
  /** Takes back all that was made. */
  end(): Promise<void>;
}

type Answer = { readonly value: unknown } | { readonly failure: string };

/** For `globalSetup`: starts answering questions about the kinds, by their names. Disposing ends all of them. */
export async function serveTests(kinds: Readonly<Record<string, SharedKind>>): Promise<AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), "dbbackup-broker-"));
  guardFolder(folder);
  // What is made in it is also used by processes of other users.
  await chmod(folder, 0o755);
  const answers = new Map<string, Promise<Answer>>();
  const answer = async (question: string): Promise<Answer> => {
    const [kind = "", name = ""] = question.split(" ");
    try {
      return { value: await kinds[kind]!.make(name, folder) };
    } catch (error) {
      return { failure: `${error}` };
    }
  };
  const broker = createServer({ allowHalfOpen: true }, async (socket) => {
    socket.on("error", () => {});
    const question = await text(socket);
    const known = answers.get(question) ?? answer(question);
    answers.set(question, known);
    socket.end(JSON.stringify(await known));
  });
  const path = join(folder, "s");
  await new Promise<void>((resolve, reject) => broker.once("error", reject).listen(path, resolve));
  broker.unref();
  process.env[BROKER_VARIABLE] = path;
  // For all that tests start: to strip types and compile takes longer than many a program then runs. npm caches, too.
  process.env.NODE_COMPILE_CACHE = join(folder, "compile-cache");
  return {
    async [Symbol.asyncDispose]() {
      broker.close();
      await Promise.all(answers.values());
      await Promise.all(Object.values(kinds).map((kind) => kind.end()));
      // A program that was just ended may still write its compile cache.
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

/** For tests: the thing `name` of a kind, as {@link SharedKind.make} gave it. */
export async function askBroker(kind: string, name = ""): Promise<unknown> {
  const path = process.env[BROKER_VARIABLE];
  if (path === undefined) throw new Error("what tests share exists only while vitest runs");
  const socket = connect({ path, allowHalfOpen: true });
  socket.end(`${kind} ${name}`);
  const answer = JSON.parse(await text(socket)) as Answer;
  if ("failure" in answer) throw new Error(answer.failure);
  return answer.value;
}
