import { expect, test } from "vitest";
import { wholeDatabase } from "../../ports/dump-selection.ts";
import { wholeShape } from "../../ports/dump-shape.ts";
import { shapingOptions } from "./shaping-options.ts";

const compression = { method: "gzip", level: 4 } as const;
const plain = { compression, selection: wholeDatabase, shape: wholeShape, session: {} };

test("options that are not given say nothing", () => {
  expect(shapingOptions(plain)).toEqual({ "--compression": "gzip-4" });
  expect(shapingOptions({ compression })).toEqual({ "--compression": "gzip-4" });
});

test("options that shape a backup are called by their flags", () => {
  const given = shapingOptions({
    compression,
    selection: {
      ...wholeDatabase,
      excludedTables: ["a"],
      foreignServers: ["s"],
      strictNames: true,
      largeObjects: false,
    },
    shape: { ...wholeShape, noToastCompression: true, sections: ["data"] },
    session: { snapshot: "1-1", lockWaitTimeout: "5s", extraFloatDigits: 0 },
    statistics: true,
    archiveVersion: "1.14",
  });
  expect(given).toEqual({
    "--compression": "gzip-4",
    "--exclude-table": ["a"],
    "--include-foreign-data": ["s"],
    "--no-large-objects": true,
    "--no-toast-compression": true,
    "--section": ["data"],
    "--snapshot": "1-1",
    "--extra-float-digits": 0,
    "--statistics": true,
    "--archive-version": "1.14",
  });
});
