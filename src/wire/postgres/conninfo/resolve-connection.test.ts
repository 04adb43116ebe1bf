import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Authority } from "../../../../tests/helpers/certificates.ts";
import type { ConnectionRequest } from "../../../ports/connection-request.ts";
import type { ConnectionSpec } from "../connection-spec.ts";
import type { ConnectionEnvironment } from "./connection-environment.ts";
import { resolveConnection } from "./resolve-connection.ts";

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "dbbackup-conninfo-"));
  mkdirSync(join(home, ".postgresql"));
  mkdirSync(join(home, "system"));
  mkdirSync(join(home, "sockets"));
});
afterEach(() => rmSync(home, { recursive: true }));

function environment(variables: Record<string, string> = {}): ConnectionEnvironment {
  return {
    variables,
    homeFolder: home,
    userName: "osuser",
    socketFolders: [join(home, "sockets")],
    systemFolders: [join(home, "system")],
  };
}

function resolve(request: ConnectionRequest | string, variables: Record<string, string> = {}): ConnectionSpec {
  return resolveConnection(typeof request === "string" ? { url: request } : request, environment(variables));
}

function revocationListCount(text: string): number {
  return resolve(`host=db1 sslmode=require ${text}`).tls.revocationLists.length;
}

function passwords(spec: ConnectionSpec): (string | undefined)[] {
  return spec.hosts.map((host) => host.password?.reveal());
}

function applicationName(url: string, ours?: string, variables: Record<string, string> = {}): string {
  return resolve({ url, ...(ours === undefined ? {} : { applicationName: ours }) }, variables).applicationName;
}

function file(name: string, text: string, mode = 0o600): string {
  const path = join(home, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const configError = expect.objectContaining({ code: "CONFIG" });

describe("where the server is", () => {
  test("nothing said: 127.0.0.1 as the user of the operating system", () => {
    const spec = resolve({});
    expect(spec.hosts).toMatchObject([{ kind: "tcp", host: "127.0.0.1", port: 5432 }]);
    expect([spec.user, spec.database, spec.applicationName]).toEqual(["osuser", "osuser", "dbbackup"]);
  });

  test("nothing said, but a socket is in a usual folder", async () => {
    const server: Server = createServer();
    await new Promise<void>((done) => server.listen(join(home, "sockets", ".s.PGSQL.5432"), done));
    expect(resolve({}).hosts).toMatchObject([{ kind: "unix", folder: join(home, "sockets") }]);
    expect(resolve({ port: 5433 }).hosts).toMatchObject([{ kind: "tcp", port: 5433 }]);
    await new Promise((done) => server.close(done));
  });

  test("flags win over the URL, the URL over the service, the service over the environment", () => {
    file(".pg_service.conf", "[shop]\nhost=service-host\nport=1111\nuser=service-user\ndbname=service-db\n");
    const variables = { PGSERVICE: "shop", PGHOST: "env-host", PGOPTIONS: "-c a=b", PGUSER: "env-user" };
    const spec = resolveConnection({ url: "host=url-host port=2222", port: 3333 }, environment(variables));
    expect(spec.hosts).toMatchObject([{ host: "url-host", port: 3333 }]);
    expect([spec.user, spec.database, spec.options]).toEqual(["service-user", "service-db", "-c a=b"]);
  });

  test("a host as flag replaces all that the URL says about the place", () => {
    const spec = resolveConnection({ url: "host=a,b hostaddr=10.0.0.1,10.0.0.2 port=1,2", host: "c" }, environment());
    expect(spec.hosts).toMatchObject([{ host: "c", address: undefined, port: 5432 }]);
  });

  test("several hosts, addresses and ports belong together by place", () => {
    expect(resolve("host=a,b,/sock port=1,,3").hosts).toMatchObject([
      { kind: "tcp", host: "a", port: 1 },
      { kind: "tcp", host: "b", port: 5432 },
      { kind: "unix", folder: "/sock", port: 3 },
    ]);
    expect(resolve("hostaddr=10.0.0.1,::1 port=7").hosts).toMatchObject([
      { host: "10.0.0.1", address: "10.0.0.1", port: 7 },
      { host: "::1", address: "::1", port: 7 },
    ]);
    for (const wrong of [
      "host=a,b port=1,2,3",
      "host=a hostaddr=10.0.0.1,10.0.0.2",
      "hostaddr=name",
      "port=0",
      "port=99999",
      "port=x",
    ]) {
      expect(() => resolve(wrong), wrong).toThrow(configError);
    }
  });

  test("a socket may be named by its folder or by itself", () => {
    expect(resolve({ socket: "/run/pg" }).hosts).toMatchObject([{ kind: "unix", folder: "/run/pg", port: 5432 }]);
    expect(resolve({ socket: "/run/pg/.s.PGSQL.5433" }).hosts).toMatchObject([{ folder: "/run/pg", port: 5433 }]);
    expect(() => resolve({ socket: "/run/pg", host: "db1" })).toThrow(expect.objectContaining({ code: "USAGE" }));
  });

  test("an empty value means the default, and hides weaker sources", () => {
    expect(resolve("host='' user=''", { PGHOST: "env-host", PGUSER: "env-user" })).toMatchObject({ user: "osuser" });
  });
});

describe("the password", () => {
  test("comes from flag, file, URL, environment, or the password file by host", () => {
    file(".pgpass", "db1:*:*:*:first\n*:5433:shop:ann:second\n");
    expect(passwords(resolve({ host: "db1", password: "flag" }))).toEqual(["flag"]);
    expect(passwords(resolve({ host: "db1", passwordFile: file("pw", "from file\n") }))).toEqual(["from file"]);
    expect(passwords(resolve("postgres://ann:url@db1"))).toEqual(["url"]);
    expect(passwords(resolve("postgres://ann@db1", { PGPASSWORD: "env" }))).toEqual(["env"]);
    expect(passwords(resolve("postgres://ann@db1,db2:5433,db3/shop"))).toEqual(["first", "second", undefined]);
    const other = file("other-pgpass", "*:*:*:*:other\n");
    expect(passwords(resolve("postgres://ann@db1", { PGPASSFILE: other }))).toEqual(["other"]);
    expect(passwords(resolve({ url: `passfile='${other}'` }))).toEqual(["other"]);
  });

  test("of the default host is that of localhost in a password file", () => {
    file(".pgpass", "localhost:*:*:*:local\n");
    expect(passwords(resolve({}))).toEqual(["local"]);
    expect(passwords(resolve({ host: "127.0.0.1" }))).toEqual([undefined]);
    expect(passwords(resolve({ host: join(home, "sockets") }))).toEqual(["local"]);
  });

  test("file that others can read is refused; .pgpass is ignored with a warning", () => {
    expect(() => resolve({ passwordFile: file("pw", "x", 0o640) })).toThrow(configError);
    file(".pgpass", "*:*:*:*:secret\n", 0o644);
    const spec = resolve({});
    expect(passwords(spec)).toEqual([undefined]);
    expect(spec.warnings).toEqual([expect.stringContaining("can be read by others")]);
  });

  test("file that is missing, empty or has several lines is refused", () => {
    expect(() => resolve({ passwordFile: join(home, "none") })).toThrow(configError);
    expect(() => resolve({ passwordFile: file("empty", "\n") })).toThrow(configError);
    expect(() => resolve({ passwordFile: file("two", "a\nb\n") })).toThrow(configError);
    expect(() => resolve({ password: "a", passwordFile: file("pw", "b") })).toThrow(
      expect.objectContaining({ code: "USAGE" }),
    );
  });

  test("and keys appear in no print of a specification", () => {
    const spec = resolve("postgres://ann:hunter2@db1?sslmode=disable");
    expect(`${inspect(spec, { depth: 9 })}${JSON.stringify(spec)}${spec.hosts[0]!.password}`).not.toContain("hunter2");
  });
});

describe("a service", () => {
  test("comes from the user's file, else from the system's", () => {
    file(".pg_service.conf", "# mine\n[a]\nhost=user-a\n\n[a]\nhost=second\n");
    file("system/pg_service.conf", "[a]\nhost=system-a\n[b]\nhost=system-b\nhost=later\n");
    mkdirSync(join(home, "etc"));
    file("etc/pg_service.conf", "[b]\nhost=etc-b\n");
    expect(resolve("service=a").hosts).toMatchObject([{ host: "user-a" }]);
    expect(resolve("service=b").hosts).toMatchObject([{ host: "system-b" }]);
    expect(resolve("service=b", { PGSYSCONFDIR: join(home, "etc") }).hosts).toMatchObject([{ host: "etc-b" }]);
    const own = file("own.conf", "[c]\nhost=own-c\n");
    expect(resolve("service=c", { PGSERVICEFILE: own }).hosts).toMatchObject([{ host: "own-c" }]);
    expect(resolve(`service=c servicefile=${own}`).hosts).toMatchObject([{ host: "own-c" }]);
  });

  test.each([
    ["is not there", "[b]\nhost=x\n"],
    ["has an unknown keyword", "[a]\nhots=x\n"],
    ["has a line without a value", "[a]\nhost\n"],
    ["names another service", "[a]\nservice=b\n"],
    ["asks an LDAP server", "[a]\nldap://host/x\n"],
    ["uses a refused keyword", "[a]\nrequirepeer=ann\n"],
  ])("that %s is refused", (_what, text) => {
    file(".pg_service.conf", text);
    expect(() => resolve("service=a")).toThrow(configError);
  });

  test("file that was named and is missing is refused", () => {
    expect(() => resolve("service=a", { PGSERVICEFILE: join(home, "none") })).toThrow(configError);
  });
});

describe("settings of TLS", () => {
  const authority = new Authority("resolve test");

  test("the mode is verify-full where there is a CA and bytes leave the machine, else prefer", () => {
    expect(resolve("host=db1").tls.mode).toBe("prefer");
    file(".postgresql/root.crt", authority.certificate);
    expect(resolve("host=db1").tls).toMatchObject({ mode: "verify-full", roots: { kind: "pem" } });
    expect(resolve("host=localhost").tls.mode).toBe("prefer");
    expect(resolve("host=db1 sslmode=require").tls).toMatchObject({ mode: "require", roots: { kind: "pem" } });
    expect(resolve("host=db1 sslrootcert=system").tls).toMatchObject({
      mode: "verify-full",
      roots: { kind: "system" },
    });
    expect(resolve("host=db1", { PGREQUIRESSL: "1" }).tls.mode).toBe("require");
  });

  test("a weaker mode for a host elsewhere is said", () => {
    for (const mode of ["disable", "allow", "prefer", "require"]) {
      expect(resolve(`host=db1 sslmode=${mode}`).warnings).toEqual([expect.stringContaining(`sslmode=${mode}`)]);
      expect(resolve(`host=127.0.0.1 sslmode=${mode}`).warnings).toEqual([]);
    }
    const path = file("ca.pem", authority.certificate);
    expect(resolve(`host=db1 sslmode=verify-ca sslrootcert=${path}`).warnings).toHaveLength(1);
    expect(resolve(`host=db1 sslmode=verify-full sslrootcert=${path}`).warnings).toEqual([]);
  });

  test("files are read and checked at once", () => {
    const issued = authority.issue({ commonName: "ann" });
    const other = authority.issue({ commonName: "bob" });
    const cert = file("ann.crt", issued.certificate);
    const base = `host=db1 sslmode=require sslcert=${cert}`;
    const encrypted = issued.keyObject.export({
      type: "pkcs8",
      format: "pem",
      cipher: "aes-256-cbc",
      passphrase: "pw",
    });
    const encryptedFile = file("enc.key", encrypted.toString());
    const keyFile = file("ann.key", issued.key);
    expect(resolve(`${base} sslkey=${keyFile}`).tls.clientCertificate?.key.reveal()).toBe(issued.key);
    expect(resolve(`${base} sslkey=${encryptedFile} sslpassword=pw`).tls.clientCertificate?.key.reveal()).toBe(
      issued.key,
    );
    const der = file("der.key", "");
    writeFileSync(der, issued.keyObject.export({ type: "sec1", format: "der" }));
    expect(resolve(`${base} sslkey=${der}`).tls.clientCertificate?.key.reveal()).toBe(issued.key);
    for (const wrong of [
      `${base} sslkey=${encryptedFile}`,
      `${base} sslkey=${encryptedFile} sslpassword=no`,
      `${base} sslkey=${file("bob.key", other.key)}`,
      `${base} sslkey=${file("open.key", issued.key, 0o644)}`,
      `${base} sslkey=${join(home, "none")}`,
      base,
      `host=db1 sslmode=require sslcert=${join(home, "none")}`,
      `host=db1 sslmode=require sslrootcert=${join(home, "none")}`,
      `host=db1 sslmode=require sslrootcert=${keyFile}`,
      `host=db1 sslmode=require sslcrl=${join(home, "none")}`,
      `host=db1 sslmode=require sslcrldir=${join(home, "none")}`,
      "host=db1 sslmode=require sslcertmode=require",
    ]) {
      expect(() => resolve(wrong), wrong).toThrow(configError);
    }
    expect(resolve(`${base} sslkey=${join(home, "none")} sslcertmode=disable`).tls.clientCertificate).toBeUndefined();
    expect(resolve(`host=/tmp sslmode=require sslcert=${join(home, "none")}`).tls.clientCertificate).toBeUndefined();
  });

  test("revocation lists come from a file, a folder as openssl makes it, or the usual place", () => {
    const list = authority.revoke([]);
    mkdirSync(join(home, "crls"));
    file("crls/0a1b2c3d.r0", list);
    file("crls/README", "nothing");
    expect(revocationListCount(`sslcrl=${file("a.crl", list + list)}`)).toBe(2);
    expect(revocationListCount(`sslcrldir=${join(home, "crls")}`)).toBe(1);
    expect(revocationListCount("")).toBe(0);
    file(".postgresql/root.crl", list);
    expect(revocationListCount("")).toBe(1);
  });

  test.each([
    "sslmode=required",
    "sslmode=verify-full",
    "sslmode=require sslrootcert=system",
    "sslmode=prefer sslnegotiation=direct",
    "sslnegotiation=first",
    "sslcompression=1",
    "sslsni=yes",
    "ssl_min_protocol_version=TLSv1.3 ssl_max_protocol_version=TLSv1.2",
    "ssl_min_protocol_version=SSLv3",
    "sslcertmode=maybe",
  ])("%s is refused", (text) => {
    expect(() => resolve(`host=db1 ${text}`)).toThrow(configError);
  });
});

describe("other settings", () => {
  test("are read", () => {
    const spec = resolve(
      "connect_timeout=7 keepalives_idle=30 keepalives_interval=5 keepalives_count=3 target_session_attrs=standby " +
        "load_balance_hosts=random min_protocol_version=3.2 options='-c geqo=off' application_name=mine " +
        "client_encoding=LATIN1 channel_binding=require require_auth=scram-sha-256,md5 scram_max_iterations=200000 " +
        "gssencmode=prefer replication=off tcp_user_timeout=0 sslcompression=0",
    );
    expect(spec).toMatchObject({
      connectTimeoutMs: 7000,
      keepAlive: { enabled: true, idleSeconds: 30, intervalSeconds: 5, count: 3 },
      targetSessionAttrs: "standby",
      loadBalanceHosts: true,
      protocol: { minMinor: 2, maxMinor: 2 },
      options: "-c geqo=off",
      applicationName: "mine",
      clientEncoding: "LATIN1",
      authentication: {
        channelBinding: "require",
        allowed: new Set(["scram-sha-256", "md5"]),
        allowedByName: true,
        maxScramIterations: 200_000,
      },
    });
  });

  test("the application's name is the user's, else the fallback, else ours", () => {
    expect(applicationName("application_name=a fallback_application_name=b", "c")).toBe("a");
    expect(applicationName("fallback_application_name=b", "c")).toBe("b");
    expect(applicationName("host=x", "c")).toBe("c");
    expect(applicationName("host=x", "c", { PGAPPNAME: "d" })).toBe("d");
  });

  test("unwanted methods leave the others", () => {
    const { authentication } = resolve("require_auth=!password,!md5");
    expect(authentication.allowed?.has("scram-sha-256")).toBe(true);
    expect(authentication.allowed?.has("md5")).toBe(false);
    expect(authentication.allowedByName).toBe(false);
  });

  test("client_encoding=auto is that of the locale", () => {
    expect(resolve("client_encoding=auto", { LANG: "de_DE.UTF-8" }).clientEncoding).toBe("UTF-8");
    expect(resolve("client_encoding=auto", { LC_ALL: "C", LANG: "de_DE.UTF-8" }).clientEncoding).toBe("SQL_ASCII");
  });

  test.each([
    "connect_timeout=soon",
    "keepalives=2",
    "keepalives_idle=99999999999",
    "target_session_attrs=master",
    "load_balance_hosts=yes",
    "min_protocol_version=3.1",
    "min_protocol_version=3.2 max_protocol_version=3.0",
    "channel_binding=yes",
    "require_auth=scram-sha-256,!md5",
    "require_auth=md5,md5",
    "require_auth=magic",
    "scram_max_iterations=0",
    "scram_client_key=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "scram_client_key=x scram_server_key=y",
    "gssencmode=require",
    "replication=database",
    "tcp_user_timeout=1000",
    "krbsrvname=x",
    "oauth_issuer=x",
    "nonsense=x",
    "just-a-word",
  ])("%s is refused", (text) => {
    expect(() => resolve(text)).toThrow(configError);
  });

  test("refused ones are refused from the environment too, by the variable's name", () => {
    expect(() => resolve({}, { PGREQUIREPEER: "ann" })).toThrow(/PGREQUIREPEER/);
    expect(() => resolve({}, { PGGSSENCMODE: "require" })).toThrow(/gssencmode/);
  });
});
