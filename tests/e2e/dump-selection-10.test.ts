import { expect, test } from "vitest";
import { dumpSelection } from "../../src/frontends/cli/dump-selection.ts";
import { createServices } from "../../src/main/services.ts";
import { commandLineOf } from "../helpers/backup-options.ts";
import { ourEntries, stockEntries } from "../helpers/compare-with-stock.ts";
import { describeEntries } from "../helpers/describe-entries.ts";
import { withoutKnownDifferences } from "../helpers/known-differences.ts";
import { loadZoo } from "../helpers/load-zoo.ts";
import { sharedServer } from "../helpers/shared-servers.ts";

test("patterns choose the same objects of the oldest server", async () => {
  await using database = await loadZoo(await sharedServer(10));
  const only = ({ tag, desc }: { readonly tag: string; readonly desc: string }) =>
    !tag.startsWith("DATABASE ") && tag !== database.name && desc !== "PUBLICATION TABLE";
  for (const args of [
    ["-n", "zoo*", "-N", "zoo_parts", "-T", "zoo.child*"],
    ["-t", '"UPPER"."名前*"', "--table-and-children", "zoo.by_range", "--exclude-table-data=zoo_parts.*"],
    ["-e", "hstore", "--exclude-extension=x*"],
  ]) {
    const ours = await ourEntries(database, await dumpSelection(commandLineOf(args), createServices()));
    const [own, stock] = [ours.entries, await stockEntries(database, args)].map((entries) =>
      describeEntries(entries, only).map((text) => withoutKnownDifferences(text, 10)),
    );
    expect(own!.length).toBeGreaterThan(0);
    expect(own).toEqual(stock);
  }
});
