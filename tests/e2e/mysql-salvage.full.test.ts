import { mysqlSalvageSuite } from "./mysql-salvage-suite.ts";

mysqlSalvageSuite("mysql-9.7");
mysqlSalvageSuite("mariadb-10.5");
