/** Options of MySQL's and MariaDB's clients that say how to connect, by their names in option files. */
const honoured = [
  "host",
  "port",
  "socket",
  "protocol",
  "user",
  "password",
  "database",
  "connect-timeout",
  "ssl",
  "ssl-mode",
  "ssl-verify-server-cert",
  "ssl-ca",
  "ssl-capath",
  "ssl-cert",
  "ssl-key",
  "ssl-crl",
  "ssl-crlpath",
  "ssl-cipher",
  "tls-version",
  "tls-ciphersuites",
  "server-public-key-path",
  "get-server-public-key",
  "enable-cleartext-plugin",
] as const;

export type ClientOptionName = (typeof honoured)[number];

/** Other products and older releases say the same in other words. */
const otherNames: Readonly<Record<string, ClientOptionName>> = {
  pass: "password",
  "unix-socket": "socket",
  sslmode: "ssl-mode",
  "tls-versions": "tls-version",
};

/** What makes a connection safer and cannot be had here: going on without it would be a lie. */
const refusedNames: ReadonlySet<string> = new Set([
  "tls-fp",
  "tls-fplist",
  "ssl-fp",
  "ssl-fplist",
  "tls-peer-fp",
  "tls-peer-fp-list",
  "ssl-fips-mode",
  "restrict-auth",
]);

/** The option that a name means: clients read `_` as `-`. Undefined for one that does not say how to connect. */
export function optionName(text: string): ClientOptionName | undefined {
  const name = plainName(text);
  const other = Object.hasOwn(otherNames, name) ? otherNames[name] : undefined;
  return other ?? honoured.find((option) => option === name);
}

export function isRefusedOption(text: string): boolean {
  return refusedNames.has(plainName(text));
}

/** `skip-ssl`, `disable-ssl` and `loose-ssl` say something of `ssl`. */
export function readPrefixes(text: string): { readonly name: string; readonly value?: "0" | "1" } {
  const name = plainName(text).replace(/^loose-/, "");
  if (optionName(name) !== undefined) return { name };
  const [, prefix, rest = name] = /^(skip|disable|enable)-(.*)$/.exec(name) ?? [];
  return prefix === undefined ? { name } : { name: rest, value: prefix === "enable" ? "1" : "0" };
}

function plainName(text: string): string {
  return text.toLowerCase().replaceAll("_", "-");
}
