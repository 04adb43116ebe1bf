import type { DumpFormat } from "../../src/core/dump-format.ts";

/** Something that a backup of ours and one of a stock program do not have in common, and the docs do not name. */
export interface Difference {
  readonly kind: "entry" | "order" | "rows" | "large-object" | "text" | "load" | "loaded";
  /** `TABLE app orders`, or the head of a part of a script. */
  readonly object: string;
  /** The first lines that differ; null where one has nothing. */
  readonly native: string | null;
  readonly tools: string | null;
}

/** What one engine took for one backup. */
export interface Made {
  readonly seconds: number;
  /** Of all files. */
  readonly bytes: number;
  readonly version: string;
}

export interface FormatReport {
  readonly format: DumpFormat;
  readonly native: Made;
  readonly tools: Made;
  readonly differences: readonly Difference[];
}

export interface DatabaseReport {
  readonly database: string;
  readonly product: "PostgreSQL" | "MySQL" | "MariaDB";
  readonly server: string;
  readonly formats: readonly FormatReport[];
}
