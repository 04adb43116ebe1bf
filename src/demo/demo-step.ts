/** What the demonstration has done, one step after the other. Times in seconds. */
export type DemoStep =
  | { readonly step: "server"; readonly version: string; readonly seconds: number }
  | ({ readonly step: "sample"; readonly seconds: number } & SampleFacts);

export interface SampleFacts {
  readonly tables: number;
  readonly rows: number;
  /** Of the database on disk. */
  readonly bytes: number;
}

export interface DemoResult {
  readonly seconds: number;
  /** Only when the server was kept. */
  readonly kept?: KeptServer;
}

/** A server that goes on running. */
export interface KeptServer {
  readonly socketFolder: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** The process to end to stop it and remove its files. */
  readonly process: number;
}
