import type { MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import type { MysqlFlavourName } from "../../../wire/mysql/server-capabilities.ts";

/** A server that definitions of another one are to fit. */
export interface ConversionTarget {
  readonly flavour: MysqlFlavourName;
  /** Of the server that they come from. */
  readonly source: MysqlFlavourName;
  /** In small letters. */
  readonly collations: ReadonlySet<string>;
  readonly characterSets: ReadonlySet<string>;
  /** In capitals. */
  readonly engines: ReadonlySet<string>;
  /** Types that not every server has, in small letters, and this one has. */
  readonly types: ReadonlySet<string>;
  /** IGNORED of MariaDB. */
  readonly ignoredIndexes: boolean;
  /** Words of sql_mode that the server would not take. */
  readonly refusedModes: ReadonlySet<string>;
  readonly sequences: boolean;
  readonly histograms: boolean;
  /** Histograms come in as they are. */
  readonly histogramData: boolean;
  /** Old versions of rows can be loaded. */
  readonly insertsHistory: boolean;
  /** JSON holds dates, times, decimals and bytes as such. */
  readonly typesInJson: boolean;
  readonly partitionsOfOtherEngines: boolean;
}

/** Modes that MySQL 8 took away. */
const removedModes = [
  "NO_AUTO_CREATE_USER",
  "DB2",
  "MAXDB",
  "MSSQL",
  "MYSQL323",
  "MYSQL40",
  "ORACLE",
  "POSTGRESQL",
  "NO_FIELD_OPTIONS",
  "NO_KEY_OPTIONS",
  "NO_TABLE_OPTIONS",
];
const modesOfMariadb = ["EMPTY_STRING_IS_NULL", "SIMULTANEOUS_ASSIGNMENT", "TIME_ROUND_FRACTIONAL"];
const modesOfMysql = ["TIME_TRUNCATE_FRACTIONAL"];

/** What a server takes of definitions, by flavour and version: the one place that knows. */
export function conversionTarget(
  { flavour, version, capabilities }: MysqlServerFacts,
  source: MysqlFlavourName,
  known: Pick<ConversionTarget, "collations" | "characterSets" | "engines">,
): ConversionTarget {
  const mariadb = (since: number): boolean => flavour === "mariadb" && version >= since;
  const isMariadb = flavour === "mariadb";
  const isOldMysql = flavour === "mysql" && version < 80_000;
  return {
    ...known,
    flavour,
    source,
    types: new Set([
      ...(mariadb(100_700) ? ["uuid"] : []),
      ...(mariadb(101_000) ? ["inet4"] : []),
      ...(mariadb(100_500) ? ["inet6"] : []),
      ...(capabilities.vector ? ["vector"] : []),
      ...(isMariadb || capabilities.binaryJson ? ["json"] : []),
      ...(isMariadb ? [] : ["geomcollection"]),
    ]),
    ignoredIndexes: mariadb(100_600),
    refusedModes: new Set(isMariadb ? modesOfMysql : [...modesOfMariadb, ...(isOldMysql ? [] : removedModes)]),
    sequences: capabilities.sequences,
    histograms: capabilities.histograms,
    histogramData: capabilities.histogramData,
    insertsHistory: capabilities.insertsHistory,
    typesInJson: capabilities.binaryJson,
    partitionsOfOtherEngines: isMariadb || isOldMysql,
  };
}
