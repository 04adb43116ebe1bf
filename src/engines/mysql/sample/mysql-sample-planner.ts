import { usualMysqlDump } from "../../../ports/mysql-dump.ts";
import type { SamplePlanner } from "../../../ports/sample.ts";
import { chosenRelations } from "../dump/chosen-relations.ts";
import { readDatabaseDefaults } from "../dump/database-defaults.ts";
import { setUpDumpSession } from "../dump/dump-session.ts";
import { DumpTelling } from "../dump/dump-telling.ts";
import { refuseForeign } from "../dump/refuse-foreign.ts";
import { requireRights } from "../dump/require-rights.ts";
import { beginSnapshots } from "../dump/snapshot/take-snapshot.ts";
import { withMysqlSource } from "../dump/with-source.ts";
import { readRelations } from "../objects/read-relations.ts";
import { chooseMysqlSample, mysqlSamplePlan, sampledTables } from "./choose-sample.ts";
import { refuseOfSamples } from "./refuse-of-samples.ts";

/** Chooses the rows of a sample of MySQL or MariaDB as its dump does, and tells what they are. Locks nothing. */
export const mysqlSamplePlanner: SamplePlanner = {
  plan(request, context) {
    const { format: _format, jobs: _jobs, jobsAreAsked: _asked, sample: choice, ...rest } = request;
    refuseForeign(rest);
    refuseOfSamples(request);
    return withMysqlSource(request, context, async (source) => {
      const { facts, control } = source;
      const { database, mysql: options = usualMysqlDump } = request;
      await readDatabaseDefaults(control, facts, database);
      await using session = await source.connect();
      await setUpDumpSession(session, facts, database);
      await beginSnapshots([session]);
      const relations = chosenRelations(await readRelations(session, database), options);
      await requireRights(source, database, relations, options);
      const telling = new DumpTelling(context.progress);
      const tables = sampledTables(relations, options);
      return mysqlSamplePlan(database, await chooseMysqlSample({ session, facts, database, tables, choice, telling }));
    });
  },
};
