import { accountsBetweenFlavours } from "./mysql-accounts-between-suite.ts";

accountsBetweenFlavours();
