import { describeArchiveFormats } from "./archive-formats-suite.ts";

describeArchiveFormats(18);
