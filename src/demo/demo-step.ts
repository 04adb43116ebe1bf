import type { Comparison } from "../ports/comparison.ts";

/** What the demonstration has done, one step after the other. Times in seconds. */
export type DemoStep = { readonly seconds: number } /** `version` says what the server is. */ & (
  | { readonly step: "server"; readonly version: string }
  | ({ readonly step: "sample" } & SampleFacts)
  | { readonly step: "copy"; readonly how: string }
  | { readonly step: "backup"; readonly file: string; readonly storedBytes: number; readonly plainBytes: number }
  | { readonly step: "verify"; readonly storedBytes: number; readonly tables: number; readonly rows: number }
  | { readonly step: "drop" }
  | { readonly step: "restore"; readonly objects: number; readonly rows: number; readonly bytes: number }
  | { readonly step: "compare"; readonly comparison: Comparison }
);

export interface SampleFacts {
  readonly tables: number;
  readonly rows: number;
  /** Of the database on disk. */
  readonly bytes: number;
}

export interface DemoResult {
  /** Whether the restored database equals the original. */
  readonly equal: boolean;
  readonly seconds: number;
  /** Only when the server was kept. */
  readonly kept?: KeptServer;
}

/** A server that goes on running. */
export interface KeptServer {
  readonly socketFolder: string;
  /** Of MySQL and MariaDB: the socket itself. */
  readonly socketFile?: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** Folder with the backup. */
  readonly repository: string;
  /** The process to end to stop it and remove its files. */
  readonly process: number;
}
