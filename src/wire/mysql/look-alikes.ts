/** A server that speaks MySQL's protocol and is something else. */
export interface MysqlLookAlike {
  readonly name: string;
  /** In what its greeting, `VERSION()` or `@@version_comment` says. */
  readonly pattern: RegExp;
}

/**
 * Other products by what they say of themselves. They share the protocol and parts of the catalogue; a dump made by
 * MySQL's rules would silently miss what is their own, or have no snapshot.
 */
export const mysqlLookAlikes: readonly MysqlLookAlike[] = [
  { name: "TiDB", pattern: /\bTiDB\b/i },
  { name: "Vitess", pattern: /\bVitess\b|\bPlanetScale\b/i },
  { name: "SingleStore", pattern: /\b(SingleStore\w*|MemSQL)\b/i },
  { name: "OceanBase", pattern: /\bOceanBase\b/i },
  { name: "PolarDB-X", pattern: /\bPolarDB-?X\b|-TDDL-/i },
  { name: "Apache Doris", pattern: /\bDoris\b/i },
  { name: "StarRocks", pattern: /\bStarRocks\b/i },
  { name: "ClickHouse", pattern: /\bClickHouse\b/i },
  { name: "Dolt", pattern: /\bDolt\b/i },
  { name: "MatrixOne", pattern: /\bMatrixOne\b/i },
  { name: "Databend", pattern: /\bDatabend\b/i },
  { name: "GreptimeDB", pattern: /\bGreptime(DB)?\b/i },
  { name: "Manticore Search", pattern: /\bManticore\b/i },
  { name: "Sphinx", pattern: /\bid64-release\b|\bSphinx\b/i },
  { name: "Amazon Aurora DSQL", pattern: /\bAurora DSQL\b/i },
];

/** What stands between a client and its servers, and gives statements of one session to several of them. */
export const mysqlProxies: readonly MysqlLookAlike[] = [
  { name: "ProxySQL", pattern: /\bProxySQL\b/i },
  { name: "MaxScale", pattern: /\bMaxScale\b/i },
];
