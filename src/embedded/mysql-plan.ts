import { connect } from "node:net";
import { dirname, join } from "node:path";
import type { ServerPaths, ServerPlan } from "./server-plan.ts";
import type { MysqlOrder } from "./supervisor-messages.ts";

/** Without durability, without a network, without anybody's settings. */
const settings = [
  "skip-networking",
  "innodb-flush-log-at-trx-commit=0",
  "innodb-doublewrite=0",
  "sync-binlog=0",
  "innodb-buffer-pool-size=128M",
  "max-allowed-packet=64M",
  "log-bin=binlog",
  "binlog-format=ROW",
  "server-id=1",
  // Code of a backup is restored as it was; events of it do not run.
  "log-bin-trust-function-creators=1",
  "event-scheduler=OFF",
];

/** MySQL or MariaDB, from programs that this machine has. */
export function mysqlPlan({ server, install }: MysqlOrder, paths: ServerPaths): ServerPlan {
  const socket = join(paths.socket, mysqlSocketName);
  const data = `--datadir=${paths.data}`;
  const base = `--basedir=${dirname(dirname(server))}`;
  const place = [
    `--socket=${socket}`,
    `--pid-file=${join(paths.data, "server.pid")}`,
    `--tmpdir=${paths.socket}`,
    `--secure-file-priv=${paths.socket}`,
  ];
  return {
    user: "root",
    port: 0,
    prepare: async () => {},
    initialise: [
      install === undefined
        ? { file: server, args: ["--no-defaults", base, "--initialize-insecure", data] }
        : {
            file: install,
            args: ["--no-defaults", base, data, "--auth-root-authentication-method=normal", "--skip-test-db"],
          },
    ],
    serve: {
      file: server,
      args: ["--no-defaults", base, data, ...place, ...settings.map((setting) => `--${setting}`)],
    },
    isReady: () => greets(socket),
    stop: [
      ["SIGTERM", 10_000],
      ["SIGKILL", 5_000],
    ],
    quit: "SIGKILL",
  };
}

/** The file of its socket, in the folder of the socket. */
export const mysqlSocketName = "mysql.sock";

/** A server that takes connections says something at once. */
function greets(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
    socket.once("data", () => {
      resolve(true);
      socket.destroy();
    });
  });
}
