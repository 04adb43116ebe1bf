/**
 * What a server can do, by name. Code asks these, never the version number; the number each one came with stands here
 * and nowhere else. Add one when an object type needs it.
 */
export interface Capabilities {
  /** `server_version_num`, for messages and for choosing the archive version only. */
  readonly versionNumber: number;
  readonly major: number;
  /** pg_proc.prokind, procedures. */
  readonly procedures: boolean;
  /** CREATE OPERATOR and CREATE EVENT TRIGGER say FUNCTION; before, only PROCEDURE was known. */
  readonly functionWord: boolean;
  /** pg_aggregate.aggfinalmodify. */
  readonly aggregateModifyFlags: boolean;
  /** pg_proc.prosqlbody: SQL-standard function bodies. */
  readonly sqlFunctionBodies: boolean;
  /** pg_proc.prosupport. */
  readonly supportFunctions: boolean;
  /** pg_class.relhasoids: tables WITH OIDS. */
  readonly tablesWithOids: boolean;
  /** pg_attribute.attgenerated: stored generated columns. */
  readonly generatedColumns: boolean;
  /** attgenerated = 'v'. */
  readonly virtualGeneratedColumns: boolean;
  /** pg_attribute.attcompression. */
  readonly columnCompression: boolean;
  /** pg_index.indnullsnotdistinct. */
  readonly nullsNotDistinct: boolean;
  /** Covering indexes, partitioned indexes, default and hash partitions. */
  readonly partitionedIndexes: boolean;
  /** Hash partitions. */
  readonly hashPartitions: boolean;
  /** Row triggers on partitioned tables, which partitions get a copy of. */
  readonly partitionedTriggers: boolean;
  /** pg_constraint.conparentid: foreign keys of partitioned tables, which partitions get a copy of. */
  readonly partitionedForeignKeys: boolean;
  /** pg_constraint.conperiod: keys WITHOUT OVERLAPS. */
  readonly temporalKeys: boolean;
  /** `pg_get_sequence_data`: last value and whether it was given out, of many sequences at once. */
  readonly sequenceDataFunction: boolean;
  /** pg_trigger.tgparentid. */
  readonly triggerParents: boolean;
  /** Names have a collation, that of bytes. */
  readonly collatedNames: boolean;
  /** Table access methods. */
  readonly tableAccessMethods: boolean;
  /** Multirange types. */
  readonly multiranges: boolean;
  /** pg_type.typsubscript. */
  readonly typeSubscripting: boolean;
  /** pg_constraint contype 'n' with names, NOT ENFORCED, WITHOUT OVERLAPS. */
  readonly namedNotNullConstraints: boolean;
  /** MAINTAIN privilege. */
  readonly maintainPrivilege: boolean;
  /** GRANT ... ON PARAMETER. */
  readonly parameterPrivileges: boolean;
  /** pg_auth_members.inherit_option and set_option; several grantors of one membership. */
  readonly membershipOptions: boolean;
  /** pg_statistic_ext.stxstattarget. */
  readonly statisticsTargets: boolean;
  /** pg_class.reltuples is -1, and not 0, where nothing is known. */
  readonly unknownTupleCount: boolean;
  /** Histograms of ranges in pg_stats. */
  readonly rangeStatistics: boolean;
  /** pg_class.relallfrozen. */
  readonly allFrozenPages: boolean;
  /** `pg_restore_relation_stats` and its like: what was dumped of statistics can be restored there. */
  readonly statisticsFunctions: boolean;
  /** pg_collation.collisdeterministic. */
  readonly nondeterministicCollations: boolean;
  /** pg_publication.pubtruncate. */
  readonly publishTruncate: boolean;
  /** pg_publication.pubviaroot. */
  readonly publishViaRoot: boolean;
  /** Row filters and column lists of publications. */
  readonly publicationFilters: boolean;
  /** pg_publication_namespace. */
  readonly publicationSchemas: boolean;
  /** pg_publication.pubgencols. */
  readonly publishGeneratedColumns: boolean;
  /** pg_subscription.substream and subbinary. */
  readonly subscriptionStreaming: boolean;
  /** pg_subscription.subtwophasestate and subdisableonerr. */
  readonly subscriptionTwoPhase: boolean;
  /** pg_subscription.suborigin, subpasswordrequired and subrunasowner. */
  readonly subscriptionOrigins: boolean;
  /** pg_subscription.subfailover. */
  readonly subscriptionFailover: boolean;
  /** Column of pg_collation with the locale of ICU and built-in collations. */
  readonly collationLocaleColumn: string | undefined;
  /** The role pg_read_all_data. */
  readonly readAllDataRole: boolean;
  /** `transaction_timeout` setting. */
  readonly transactionTimeout: boolean;
  /** pg_attribute.attstattarget is NULL (not -1) by default. */
  readonly nullStatisticsTarget: boolean;
  /** `hashtextextended` and its like: hashes of 64 bits. */
  readonly extendedHashes: boolean;
  /** pg_constraint.conenforced. */
  readonly notEnforced: boolean;
  /** ctid range conditions are scanned as ranges. */
  readonly tidRangeScan: boolean;
  /** `pg_get_wal_replay_pause_state`: whether replay has really paused. */
  readonly replayPauseState: boolean;
  /** Unlogged sequences. */
  readonly unloggedSequences: boolean;
  /** Schema public is owned by pg_database_owner and closed for creation by default. */
  readonly publicOwnedByDatabaseOwner: boolean;
  /** CREATE DATABASE ... LOCALE. */
  readonly createDatabaseLocale: boolean;
  /** pg_database.datlocprovider. */
  readonly databaseLocaleProvider: boolean;
  /** The column of pg_database that holds the ICU or builtin locale. */
  readonly databaseLocaleColumn: "daticulocale" | "datlocale" | undefined;
  /** pg_database.daticurules. */
  readonly icuRules: boolean;
  /** Named domain NOT NULL constraints in pg_constraint. */
  readonly domainNotNullConstraints: boolean;
}

export function capabilitiesOf(versionNumber: number): Capabilities {
  const since = (major: number): boolean => versionNumber >= major * 10_000;
  return {
    versionNumber,
    major: Math.floor(versionNumber / 10_000),
    procedures: since(11),
    functionWord: since(11),
    aggregateModifyFlags: since(11),
    sqlFunctionBodies: since(14),
    supportFunctions: since(12),
    tablesWithOids: !since(12),
    generatedColumns: since(12),
    virtualGeneratedColumns: since(18),
    columnCompression: since(14),
    nullsNotDistinct: since(15),
    partitionedIndexes: since(11),
    hashPartitions: since(11),
    partitionedTriggers: since(11),
    partitionedForeignKeys: since(11),
    temporalKeys: since(18),
    sequenceDataFunction: since(18),
    triggerParents: since(13),
    collatedNames: since(12),
    tableAccessMethods: since(12),
    multiranges: since(14),
    typeSubscripting: since(14),
    namedNotNullConstraints: since(18),
    maintainPrivilege: since(17),
    parameterPrivileges: since(15),
    membershipOptions: since(16),
    statisticsTargets: since(13),
    unknownTupleCount: since(14),
    rangeStatistics: since(17),
    allFrozenPages: since(18),
    statisticsFunctions: since(18),
    nondeterministicCollations: since(12),
    publishTruncate: since(11),
    publishViaRoot: since(13),
    publicationFilters: since(15),
    publicationSchemas: since(15),
    publishGeneratedColumns: since(18),
    subscriptionStreaming: since(14),
    subscriptionTwoPhase: since(15),
    subscriptionOrigins: since(16),
    subscriptionFailover: since(17),
    collationLocaleColumn: since(17) ? "colllocale" : since(15) ? "colliculocale" : undefined,
    readAllDataRole: since(14),
    transactionTimeout: since(17),
    nullStatisticsTarget: since(17),
    extendedHashes: since(11),
    notEnforced: since(18),
    tidRangeScan: since(14),
    replayPauseState: since(14),
    unloggedSequences: since(15),
    publicOwnedByDatabaseOwner: since(15),
    createDatabaseLocale: since(13),
    databaseLocaleProvider: since(15),
    databaseLocaleColumn: since(17) ? "datlocale" : since(15) ? "daticulocale" : undefined,
    icuRules: since(16),
    domainNotNullConstraints: since(17),
  };
}
