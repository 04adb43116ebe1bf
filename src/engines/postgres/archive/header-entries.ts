import { quoteConformingLiteral } from "../sql/quote.ts";
import { bareEntry } from "./bare-entry.ts";
import type { CatalogId, TocEntry } from "./toc-entry.ts";

/** What the first entries of every archive tell. All text is binary strings. */
export interface HeaderFacts {
  /** `client_encoding` of the dump session: `UTF8`, `SQL_ASCII`. */
  readonly encoding: string;
  readonly database: {
    readonly catalog: CatalogId;
    readonly name: string;
    readonly owner: string;
    /** `CREATE DATABASE ... ;\n`, used by a restore with --create only. */
    readonly create: string;
    /** `DROP DATABASE ... ;\n` */
    readonly drop: string;
  };
}

/** Session settings that the reader of an archive takes from it, in this order, and the database itself. */
export function headerEntries(facts: HeaderFacts, nextDumpId: () => number): TocEntry[] {
  const { database } = facts;
  return [
    setting(nextDumpId(), "ENCODING", `SET client_encoding = ${quoteConformingLiteral(facts.encoding)};\n`),
    // Definitions are written for conforming strings only: every supported server can be asked to use them.
    setting(nextDumpId(), "STDSTRINGS", "SET standard_conforming_strings = 'on';\n"),
    setting(nextDumpId(), "SEARCHPATH", "SELECT pg_catalog.set_config('search_path', '', false);\n"),
    {
      ...setting(nextDumpId(), "DATABASE", database.create),
      catalog: database.catalog,
      tag: database.name,
      drop: database.drop,
      owner: database.owner,
    },
  ];
}

function setting(dumpId: number, desc: string, definition: string): TocEntry {
  return bareEntry({ dumpId, tag: desc, desc, section: "pre-data", definition });
}
