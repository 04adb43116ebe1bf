import { followSuite } from "./mysql-follow-suite.ts";

followSuite(["mariadb-11.8", "mysql-9.7"]);
