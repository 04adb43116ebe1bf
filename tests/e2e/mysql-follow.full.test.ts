import { followSuite } from "./mysql-follow-suite.ts";

followSuite(["mariadb-10.5", "mariadb-10.11", "mysql-5.6"]);
