import { benchMysql } from "./mysql/mysql.ts";
import { benchMysqlRestore } from "./mysql/restore.ts";
import { benchPostgres } from "./postgres.ts";
import { benchScanner } from "./scanner.ts";
import { benchStorage } from "./storage/storage.ts";

const args = process.argv.slice(2);
switch (args[0]) {
  case "scanner":
    process.exitCode = await benchScanner();
    break;
  case "mysql-dump":
    process.exitCode = await benchMysql(args.slice(1));
    break;
  case "mysql-restore":
    process.exitCode = await benchMysqlRestore(args.slice(1));
    break;
  case "storage":
    process.exitCode = await benchStorage(args.slice(1));
    break;
  default:
    process.exitCode = await benchPostgres(args);
}
