/** Options of MySQL's and MariaDB's clients that say how to connect, by their names in option files. */
const honoured = ["host", "port", "socket", "protocol", "user", "password", "database", "connect-timeout"] as const;

export type ClientOptionName = (typeof honoured)[number];

/** Other products and older releases say the same in other words. */
const otherNames: Readonly<Record<string, ClientOptionName>> = {
  pass: "password",
  "unix-socket": "socket",
};

/** The option that a name means: clients read `_` as `-`. Undefined for one that does not say how to connect. */
export function optionName(text: string): ClientOptionName | undefined {
  const name = text.toLowerCase().replaceAll("_", "-");
  const other = Object.hasOwn(otherNames, name) ? otherNames[name] : undefined;
  return other ?? honoured.find((option) => option === name);
}
