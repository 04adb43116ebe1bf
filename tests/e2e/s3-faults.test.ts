import { s3FaultsSuite } from "./s3-faults-suite.ts";

s3FaultsSuite(
  "backups over a disturbed S3",
  Array.from({ length: 40 }, (_, index) => index + 1),
  true,
);
