import { clusterDirectorySuite } from "./mysql-cluster-directory-suite.ts";

clusterDirectorySuite(["mariadb-10.5", "mariadb-11.8", "mysql-5.6"]);
