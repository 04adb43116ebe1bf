import type { SamplePlanner } from "../../../ports/sample.ts";
import { chooseFormat } from "../dump/choose-format.ts";
import { openDumpSession } from "../dump/dump-session.ts";
import { readEntries } from "../dump/read-entries.ts";
import { dumpEncoding } from "../dump/session-settings.ts";
import { withSource } from "../dump/with-source.ts";
import { chooseSample, samplePlan } from "./choose-sample.ts";

/** Chooses the rows of a sample as its dump does, and tells what they are. */
export const postgresSamplePlanner: SamplePlanner = {
  plan: (request, context) =>
    withSource(request, context, async (connection, connect) => {
      context.progress.emit({ event: "phase", phase: "introspect", message: "reading the catalogues" });
      const session = await openDumpSession(connection, {
        selection: request.selection,
        database: request.database,
        ...request.session,
      });
      const format = chooseFormat(request, session.capabilities);
      const { entries, decodeName, warnings } = await readEntries(session, dumpEncoding(connection), request, format);
      for (const warning of warnings) context.progress.emit({ event: "warning", message: warning });
      const sample = await chooseSample(session, entries, request.sample, decodeName, {
        progress: context.progress,
        jobs: request.jobs,
        connect,
      });
      await connection.query("COMMIT");
      return samplePlan(sample);
    }),
};
