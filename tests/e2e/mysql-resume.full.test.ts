import { mysqlFlavours } from "../helpers/mysql-packages.ts";
import { resumeSuite } from "./mysql-resume-suite.ts";

resumeSuite(mysqlFlavours, 20);
