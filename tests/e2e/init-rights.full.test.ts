import { initRights } from "./init-rights-suite.ts";

initRights({ majors: [10, 13, 15, 17], flavours: ["mariadb-10.5", "mariadb-11.8", "mysql-5.6", "mysql-9.7"] });
