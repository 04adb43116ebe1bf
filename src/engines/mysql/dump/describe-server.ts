import type { DumpResult } from "../../../ports/dump.ts";
import type { MysqlSource } from "./with-source.ts";

/** What metadata say of a server. @param encoding of what is backed up */
export function describeServer({ facts, spec }: MysqlSource, encoding: string): DumpResult["server"] {
  const { host } = spec;
  return {
    databaseType: facts.flavour,
    version: facts.versionText,
    host: host.kind === "tcp" ? host.host : host.path,
    port: host.kind === "tcp" ? host.port : 0,
    user: spec.user,
    ...(facts.variables.has("server_uuid") ? { uuid: facts.variables.get("server_uuid")! } : {}),
    encoding,
  };
}
