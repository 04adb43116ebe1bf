import type { ConnectionRequest, MysqlConnectionOptions } from "../../ports/connection-request.ts";
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
    ...(options["password-vault"] === undefined ? {} : { passwordVault: options["password-vault"] }),
    ...(options.socket === undefined ? {} : { socket: options.socket }),
    ...(options["ssl-mode"] === undefined ? {} : { sslMode: options["ssl-mode"] }),
    ...(options["ssl-ca"] === undefined ? {} : { sslCa: options["ssl-ca"] }),
    ...(options["ssl-cert"] === undefined ? {} : { sslCert: options["ssl-cert"] }),
    ...(options["ssl-key"] === undefined ? {} : { sslKey: options["ssl-key"] }),
    ...mysqlPart(options),
  };
}

/** Missing when none of it was given: other engines refuse it. */
function mysqlPart(options: OptionValues): Pick<ConnectionRequest, "mysql"> {
  const mysql: MysqlConnectionOptions = {
    ...(options["defaults-file"] === undefined ? {} : { defaultsFile: options["defaults-file"] }),
    ...(options["defaults-extra-file"] === undefined ? {} : { defaultsExtraFile: options["defaults-extra-file"] }),
    ...(options["defaults-group-suffix"] === undefined
      ? {}
      : { defaultsGroupSuffix: options["defaults-group-suffix"] }),
    ...(options["no-defaults"] === true ? { noDefaults: true } : {}),
    ...(options["ssl-capath"] === undefined ? {} : { sslCapath: options["ssl-capath"] }),
    ...(options["ssl-crl"] === undefined ? {} : { sslCrl: options["ssl-crl"] }),
    ...(options["ssl-cipher"] === undefined ? {} : { sslCipher: options["ssl-cipher"] }),
    ...(options["tls-version"] === undefined ? {} : { tlsVersion: options["tls-version"] }),
    ...(options["server-public-key-path"] === undefined
      ? {}
      : { serverPublicKeyPath: options["server-public-key-path"] }),
    ...(options["get-server-public-key"] === true ? { getServerPublicKey: true } : {}),
    ...(options["enable-cleartext-plugin"] === true ? { enableCleartextPlugin: true } : {}),
  };
  return Object.keys(mysql).length === 0 ? {} : { mysql };
}
