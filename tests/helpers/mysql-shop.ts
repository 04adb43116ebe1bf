import { MysqlConnection } from "../../src/wire/mysql/connection.ts";
import { type MysqlDatabase, withMysqlDatabase } from "./mysql-database.ts";
import { type MysqlAddress, rootSpec } from "./mysql-server.ts";

/** What every supported server knows, and what splitters of scripts stumble over. */
const statements = [
  "CREATE TABLE customers (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100) NOT NULL, note TEXT, picture BLOB, joined DATETIME) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
  "CREATE TABLE `odd;``na'me\"` (`a;b` INT, `c\\` VARCHAR(20) DEFAULT ';''\\\\' COMMENT 'it''s; \"here\" -- /* ') ENGINE=InnoDB",
  "CREATE TABLE orders (id INT PRIMARY KEY, customer INT, total DECIMAL(10,2), KEY (customer), CONSTRAINT fk FOREIGN KEY (customer) REFERENCES customers (id)) ENGINE=InnoDB",
  "CREATE TABLE plain (v VARBINARY(300)) ENGINE=MyISAM",
  "CREATE TABLE empty_one (id INT PRIMARY KEY) ENGINE=InnoDB",
  "INSERT INTO customers (name, note, picture, joined) VALUES ('Ann', 'it''s; a \\\\ \"note\"\\n-- no comment\\n/* nor */ here', x'00275c0a1a22ff', '2024-02-29 12:00:00'), ('Bj\\u00f6rn', NULL, '', '0000-00-00 00:00:00'), ('\\'; DELIMITER ;;', '\\nDELIMITER ;;\\n\\\\! ls\\n', NULL, NULL)",
  "INSERT INTO `odd;``na'me\"` VALUES (1, ';'), (2, '\\\\'), (3, '''')",
  "INSERT INTO orders VALUES (1, 1, 10.50), (2, 1, 0.01), (3, 2, 99999999.99)",
  "CREATE VIEW rich AS SELECT c.name AS `na;me`, SUM(o.total) AS total FROM customers c JOIN orders o ON o.customer = c.id GROUP BY c.name",
  "CREATE TRIGGER ins BEFORE INSERT ON orders FOR EACH ROW BEGIN IF NEW.total IS NULL THEN SET NEW.total = 0; END IF; SET NEW.total = NEW.total; END",
  "CREATE PROCEDURE p(IN n INT) BEGIN /* inner ; */ DECLARE i INT DEFAULT 0; WHILE i < n DO SET i = i + 1; END WHILE; SELECT 'a;b''c' AS `x;`; END",
  "CREATE FUNCTION f(n INT) RETURNS VARCHAR(20) DETERMINISTIC RETURN CONCAT('n;', n)",
  "CREATE EVENT e ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01 00:00:00' DISABLE DO BEGIN DELETE FROM plain; DELETE FROM plain; END",
];

const manyRows = 3000;

/** A database with tables, rows, a view and stored code of each kind. */
export async function withMysqlShop(server: MysqlAddress, name?: string): Promise<MysqlDatabase> {
  const database = await withMysqlDatabase(server, name, "CHARACTER SET utf8mb4");
  await using connection = await MysqlConnection.connect(rootSpec(server, database.name));
  await connection.query("SET NAMES utf8mb4");
  await connection.query("SET sql_mode = ''");
  for (const statement of statements) await connection.query(statement);
  const rows = Array.from(
    { length: manyRows },
    (_, n) => `(x'${Buffer.from(`row ${n}'"\\\n`).toString("hex")}${(n % 256).toString(16).padStart(2, "0")}')`,
  );
  await connection.query(`INSERT INTO plain VALUES ${rows.join(",")}`);
  return database;
}

export const shopRows = { customers: 3, "odd;`na'me\"": 3, orders: 3, plain: manyRows, empty_one: 0 };
