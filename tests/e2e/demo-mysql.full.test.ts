import { demoMysqlSuite } from "./demo-mysql-suite.ts";

demoMysqlSuite(["mariadb-10.5", "mariadb-11.8", "mysql-9.7"]);
