/**
 * Steps from each version of the catalogue to the next: `user_version` tells how many were done. Steps are never changed, only added.
 * A line of `objects` is what was read of one file of a repository, and the same line of `briefs` the little of it that lists of backups
 * need, by itself so that no more is read from the disk: every object has one; `operations` without an outcome did not end, or did not end yet.
 * Ids of repositories are never given again: a process that still has one that was forgotten must not write into another.
 */
export const migrations: readonly string[] = [
  `
  create table machine (only integer primary key check (only = 1), id text not null) strict;
  create table repositories (
    id integer primary key autoincrement,
    identity text not null unique,
    location text not null
  ) strict;
  create table objects (
    repository integer not null references repositories (id) on delete cascade,
    key text not null,
    size integer not null,
    modified integer not null,
    reader text not null,
    text text not null,
    primary key (repository, key)
  ) strict, without rowid;
  create table operations (
    id text primary key,
    command text not null,
    database text,
    repository text,
    started integer not null,
    process text not null,
    duration_seconds real,
    outcome text,
    error_code text,
    error text,
    bytes integer,
    backup_id text
  ) strict, without rowid;
  create index operations_started on operations (started);
  `,
  `
  delete from objects;
  create table briefs (
    repository integer not null references repositories (id) on delete cascade,
    key text not null,
    size integer not null,
    modified integer not null,
    reader text not null,
    common text not null,
    own text not null,
    primary key (repository, key)
  ) strict, without rowid;
  `,
];
