import { directorySuite } from "./mysql-directory-suite.ts";

directorySuite(["mariadb-10.5", "mariadb-11.8", "mysql-5.6"]);
