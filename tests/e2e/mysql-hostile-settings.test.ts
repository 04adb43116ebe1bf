import { hostileMysqlSettings } from "./mysql-hostile-settings-suite.ts";

hostileMysqlSettings(["mariadb-10.11", "mysql-9.7"]);
