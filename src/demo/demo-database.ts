import type { DumpFormat } from "../core/dump-format.ts";
import type { ConnectionRequest } from "../ports/connection-request.ts";
import type { SqlSession } from "../ports/sql-session.ts";
import type { SampleFacts } from "./demo-step.ts";

/** The name of the sample database. */
export const sampleName = "shop";
/** What the restored database is compared with. */
export const originalName = "shop_original";

/** The sample database on a server of one kind. */
export interface DemoDatabase {
  /** What the server is, for people: `PostgreSQL 18.4 from npm`. */
  readonly version: string;
  readonly connection: ConnectionRequest;
  readonly format: DumpFormat;
  /** Makes the sample database. */
  load(): Promise<SampleFacts>;
  /** Makes the one that it is compared with; says how. */
  copy(): Promise<string>;
  drop(): Promise<void>;
  /** A session with the sample database. */
  inSample(use: (session: SqlSession) => Promise<void>): Promise<void>;
}
