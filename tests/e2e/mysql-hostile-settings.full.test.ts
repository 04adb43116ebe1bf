import { hostileMysqlSettings } from "./mysql-hostile-settings-suite.ts";

hostileMysqlSettings(["mariadb-10.5", "mariadb-11.8", "mysql-5.6"]);
