import { schemaStatementsSuite } from "./schema-statements-suite.ts";

schemaStatementsSuite([12, 13, 14, 15, 16, 17]);
