import { devNull } from "node:os";

/**
 * For a process that talks to nothing but a server of its own: the user's settings for other servers (a service, options,
 * a password file whose mode is worth a warning) must not reach it.
 */
export function isolateEnvironment(environment: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(environment)) if (name.startsWith("PG")) delete environment[name];
  environment["PGPASSFILE"] = devNull;
}
