import { BackupError } from "../../core/backup-error.ts";
import type { EngineFamily } from "../../core/database-type.ts";
import type { ConnectionRequest } from "../../ports/connection-request.ts";
import type { ListedServer, ServerFinder } from "../../ports/server-finder.ts";
import type { InitPorts, InitRequest } from "./init-request.ts";

/** A server that can be logged in to. */
export interface ChosenServer {
  readonly family: EngineFamily;
  readonly connection: ConnectionRequest;
  readonly server: ListedServer;
  readonly finder: ServerFinder;
}

type Ports = Pick<InitPorts, "interview" | "environment" | "openFinder">;

/** @throws BackupError NOT_FOUND when there is none, or none that lets us in */
export async function chooseServer(request: InitRequest, ports: Ports, signal: AbortSignal): Promise<ChosenServer> {
  const { connection, family = "postgres" } = request;
  if (connection !== undefined) {
    const finder = await ports.openFinder(family);
    return { family, finder, ...(await logIn(finder, connection, request, signal)) };
  }
  const families: readonly EngineFamily[] = request.family === undefined ? ["postgres", "mysql"] : [request.family];
  const found: ChosenServer[] = [];
  const failures: string[] = [];
  for (const each of families) {
    const finder = await ports.openFinder(each);
    for (const { title, connection: candidate } of await finder.candidates(ports.environment)) {
      signal.throwIfAborted();
      try {
        const wish = { ...candidate, ...request.login };
        const server = { family: each, finder, ...(await logIn(finder, wish, request, signal)) };
        if (!found.some((other) => isSame(other.server, server.server))) found.push(server);
      } catch (error) {
        if (!(error instanceof BackupError) || signal.aborted || error.code === "INTERRUPTED") throw error;
        failures.push(`${title}: ${error.message}`);
      }
    }
  }
  if (found.length === 0) throw noServer(failures);
  for (const failure of failures) ports.interview.tell(`passed over: ${failure}`);
  return found.length === 1 ? found[0]! : await chosen(found, ports);
}

async function chosen(found: readonly ChosenServer[], { interview }: Ports): Promise<ChosenServer> {
  const choices = found.map((one, index) => ({ value: `${index + 1}`, text: described(one) }));
  const answer = await interview.ask({
    flag: "--url",
    text: "which server is to be backed up?",
    choices,
    default: "1",
    isGuess: true,
  });
  return found[Number(answer) - 1]!;
}

function described({ server }: ChosenServer): string {
  return `${server.product} at ${server.address} as "${server.user}", databases: ${server.databases.length}`;
}

/** As whoever the clients of the server would be, else as its usual administrator. */
async function logIn(
  finder: ServerFinder,
  connection: ConnectionRequest,
  { isUserGiven }: InitRequest,
  signal: AbortSignal,
): Promise<Pick<ChosenServer, "connection" | "server">> {
  try {
    return { connection, server: await finder.list(connection, signal) };
  } catch (error) {
    const isRefused = error instanceof BackupError && (error.code === "AUTH" || error.code === "SERVER");
    if (isUserGiven || !isRefused || signal.aborted) throw error;
    const asUsual = { ...connection, user: finder.usualUser };
    // What the first attempt said is nearer to what the user expects.
    const server = await finder.list(asUsual, signal).catch(() => Promise.reject(error));
    return { connection: asUsual, server };
  }
}

/** Settings and sockets often lead to the same one. */
function isSame(one: ListedServer, other: ListedServer): boolean {
  return one.product === other.product && one.address === other.address && namesIn(one) === namesIn(other);
}

function namesIn({ databases }: ListedServer): string {
  return JSON.stringify(databases.map(({ name }) => name));
}

function noServer(failures: readonly string[]): BackupError {
  return new BackupError({
    code: "NOT_FOUND",
    message:
      failures.length === 0
        ? "no server was found on this machine: neither sockets, nor settings, nor anybody at 127.0.0.1"
        : "no server of this machine could be logged in to",
    details: failures,
    hint: "name one with --url postgres://user@host/ or mysql://..., and its password with --password-file",
  });
}
