import { BackupError } from "../core/backup-error.ts";
import type { RestorableBackup, RestoreEngine } from "../ports/restore.ts";

/**
 * Restores natively, and with the server's own programs on a server that the native engine says it does not know: that is
 * found before anything is touched.
 * @param openTools the other engine, which leaves reading to the one that it is given
 */
export function fallingBackRestorer(
  native: RestoreEngine,
  openTools: (reading: RestoreEngine) => Promise<RestoreEngine>,
): RestoreEngine {
  return {
    async open(input, options) {
      const backup = await native.open(input, options);
      const open = async (): Promise<RestorableBackup> => {
        const tools = await openTools({ open: async () => backup });
        return await tools.open(input, options);
      };
      return fallingBack(backup, open);
    },
  };
}

function fallingBack(native: RestorableBackup, openTools: () => Promise<RestorableBackup>): RestorableBackup {
  let used = native;
  return {
    summary: native.summary,
    contents: () => native.contents(),
    plan: (request) => used.plan(request),
    async preCheck(request, signal) {
      try {
        return await native.preCheck(request, signal);
      } catch (error) {
        if (!(error instanceof BackupError && error.isForOthers)) throw error;
        used = await openTools();
        used.plan(request);
        const findings = await used.preCheck(request, signal);
        const message = `--engine auto falls back to the server's own programs: ${error.message}`;
        return [{ code: "older-server", severity: "warning", message, solution: "nothing is to be done" }, ...findings];
      }
    },
    run: (request, progress, signal) => used.run(request, progress, signal),
    writeScript: (request, output) => native.writeScript(request, output),
  };
}
