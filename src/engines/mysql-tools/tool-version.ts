import type { MysqlFlavourName } from "../../wire/mysql/server-capabilities.ts";

/** Whose program it is, and of which version. */
export interface MysqlToolVersion {
  readonly flavour: MysqlFlavourName;
  /** 90704 for 9.7.4, 101119 for 10.11.19. */
  readonly version: number;
  /** `9.7.4-2`, `10.11.19-MariaDB`. */
  readonly text: string;
}

/**
 * Three ways to say it: `Ver 9.7.4-2 for Linux` of MySQL, `Ver 10.19 Distrib 10.11.19-MariaDB, for` of MariaDB and of MySQL
 * before 8 (there the first number is one of the program), `from 11.8.6-MariaDB, client 10.19 for` of MariaDB since 11.
 */
const said = /\b(?:Distrib |from |Ver (?=\d+\.\d+\.\d))(?<text>(?<major>\d+)\.(?<minor>\d+)\.(?<patch>\d+)[^\s,]*)/;

/** Reads what `mysqldump --version` printed; undefined when that is something else. */
export function parseMysqlToolVersion(line: string): MysqlToolVersion | undefined {
  const { text, major, minor, patch } = said.exec(line)?.groups ?? {};
  if (text === undefined) return undefined;
  return {
    flavour: /mariadb/i.test(text) ? "mariadb" : "mysql",
    version: Number(major) * 10_000 + Number(minor) * 100 + Number(patch),
    text,
  };
}

/** 907 for 9.7, 1011 for 10.11: what changes the language of a server comes with such a number. */
export const seriesOf = (version: number): number => Math.floor(version / 100);
