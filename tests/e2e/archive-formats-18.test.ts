import { describeArchiveFormats } from "./archive-formats-suite.ts";

// Each format and each pair of writer and reader once; the full suite takes all ways.
describeArchiveFormats(18, [
  { format: "directory", compression: "zstd", from: "ours", to: "stock" },
  { format: "directory", compression: "lz4", from: "stock", to: "ours" },
  { format: "tar", from: "stock", to: "ours" },
]);
