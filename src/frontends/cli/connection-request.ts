import type { ConnectionRequest } from "../../ports/connection-request.ts";
import type { OptionValues } from "./options/options.ts";

/** The connection options of a command as a request. */
export function connectionRequest(options: OptionValues): ConnectionRequest {
  return {
    ...(options["db-type"] === undefined ? {} : { dbType: options["db-type"] }),
    ...(options.url === undefined ? {} : { url: options.url }),
    ...(options.host === undefined ? {} : { host: options.host }),
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.user === undefined ? {} : { user: options.user }),
    ...(options.password === undefined ? {} : { password: options.password }),
    ...(options["password-file"] === undefined ? {} : { passwordFile: options["password-file"] }),
    ...(options.socket === undefined ? {} : { socket: options.socket }),
    ...(options["ssl-mode"] === undefined ? {} : { sslMode: options["ssl-mode"] }),
    ...(options["ssl-ca"] === undefined ? {} : { sslCa: options["ssl-ca"] }),
    ...(options["ssl-cert"] === undefined ? {} : { sslCert: options["ssl-cert"] }),
    ...(options["ssl-key"] === undefined ? {} : { sslKey: options["ssl-key"] }),
  };
}
