import { describeShapes } from "./dump-shape-suite.ts";

describeShapes(
  [
    "--schema-only",
    "--no-data",
    "--no-schema",
    "--section=pre-data",
    "--section=data",
    "--no-privileges --no-comments",
    "--no-policies --no-publications --no-subscriptions --no-security-labels",
    "--no-toast-compression --no-unlogged-table-data",
    "--statistics-only",
    "--statistics --no-data",
  ],
  [
    "--no-owner",
    "--no-tablespaces --create",
    "--no-table-access-method",
    "--clean --if-exists",
    "--clean --create",
    "--create --no-comments",
    "--data-only --disable-triggers",
  ],
);
