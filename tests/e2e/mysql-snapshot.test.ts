import { snapshotSuite } from "./mysql-snapshot-suite.ts";

snapshotSuite(["mariadb-11.8", "mysql-9.7"], 10);
