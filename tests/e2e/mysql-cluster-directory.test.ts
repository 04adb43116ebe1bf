import { clusterDirectorySuite } from "./mysql-cluster-directory-suite.ts";

clusterDirectorySuite(["mariadb-10.11", "mysql-9.7"]);
