import { randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { ObjectStore } from "../../src/ports/object-store.ts";
import { RetryingStore } from "../../src/storage/object/retrying-store.ts";
import { SftpLink } from "../../src/storage/sftp/sftp-link.ts";
import { SftpStorage } from "../../src/storage/sftp/sftp-storage.ts";
import { SftpStore } from "../../src/storage/sftp/sftp-store.ts";
import { parseSftpUrl } from "../../src/storage/sftp/sftp-url.ts";
import { storageSuite } from "../contract/storage-suite.ts";
import type { SshServer } from "./ssh-server.ts";

const clock = { now: () => new Date(), monotonic: () => performance.now() };
const quickRetries = { attempts: 20, attemptsUntilAnswered: 20, firstPauseMs: 1, longestPauseMs: 5 };

/** The contract of storage on a server of SFTP, where a folder of its own is made for each test. */
export function sftpStorageSuite(
  name: string,
  server: () => SshServer,
  how: {
    readonly urlOf: (folder: string) => string;
    /** Told when a test begins and ends. */
    readonly disturb?: (wanted: boolean) => void;
    /** What stands between the server and the repetitions. */
    readonly wrap?: (store: ObjectStore) => ObjectStore;
  },
): void {
  // Connecting takes longer than most of what is tested.
  const links: SftpLink[] = [];
  storageSuite(
    name,
    async () => {
      const folder = `some/where/${randomUUID()}`;
      const settings = parseSftpUrl(how.urlOf(folder), {});
      const open = async (number: number): Promise<SftpStorage> => {
        links[number] ??= await SftpLink.open(settings);
        const files = await SftpStore.open(settings, links[number]);
        return new SftpStorage(new RetryingStore(how.wrap?.(files) ?? files, quickRetries), files, clock);
      };
      const place = { storage: await open(0), other: await open(1) };
      // Before the first backup there would be nothing to list.
      await (await place.storage.beginWork()).end();
      how.disturb?.(true);
      return {
        ...place,
        remove: async () => {
          how.disturb?.(false);
          const names = readdirSync(join(server().folder, folder));
          expect(names.filter((each) => each.startsWith(".tmp-"))).toEqual([]);
        },
      };
    },
    { isFileSystem: false, knowsRoom: true },
  );
}
