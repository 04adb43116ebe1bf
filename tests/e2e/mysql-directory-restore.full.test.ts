import { directoryRestoreSuite } from "./mysql-directory-restore-suite.ts";

directoryRestoreSuite(["mariadb-10.5", "mariadb-10.11", "mysql-5.6"]);
