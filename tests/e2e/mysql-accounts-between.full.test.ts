import { accountsToNewerServers } from "./mysql-accounts-between-suite.ts";

accountsToNewerServers();
