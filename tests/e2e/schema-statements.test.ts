import { schemaStatementsSuite } from "./schema-statements-suite.ts";

schemaStatementsSuite([18]);
