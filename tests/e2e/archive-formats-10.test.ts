import { describeArchiveFormats } from "./archive-formats-suite.ts";

// Large objects one by one, and an older version of archives.
describeArchiveFormats(10, [
  { format: "directory", compression: "gzip", from: "ours", to: "ours" },
  { format: "tar", from: "ours", to: "stock" },
]);
