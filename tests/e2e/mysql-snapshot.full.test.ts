import { mysqlFlavours } from "../helpers/mysql-packages.ts";
import { snapshotSuite } from "./mysql-snapshot-suite.ts";

snapshotSuite(mysqlFlavours, 200);
