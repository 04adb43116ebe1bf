/** So many rows of each. */
const amounts = {
  customers: 20_000,
  products: 2_000,
  orders: 60_000,
  items: 180_000,
  visits: 50_000,
  reviews: 15_000,
} as const;

/** Most of what is counted from. */
const mostNumbers = 262_144;

/**
 * Statements that make a small shop in an empty database, the same each time; for every MySQL from 5.6 and MariaDB from 10.3
 * on.
 */
export function* mysqlShopScript(): Generator<string> {
  yield "SET NAMES utf8mb4";
  yield "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,STRICT_ALL_TABLES'";
  yield* tables;
  yield "CREATE TABLE numbers (n INT UNSIGNED NOT NULL PRIMARY KEY)";
  yield "INSERT INTO numbers VALUES (0)";
  for (let count = 1; count < mostNumbers; count *= 2) yield `INSERT INTO numbers SELECT n + ${count} FROM numbers`;
  yield* rows;
  yield "DROP TABLE numbers";
  yield* code;
}

const tables: readonly string[] = [
  `CREATE TABLE countries (code CHAR(2) CHARACTER SET ascii NOT NULL PRIMARY KEY, name VARCHAR(60) NOT NULL)`,
  `CREATE TABLE customers (
    id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    email VARCHAR(120) NOT NULL, name VARCHAR(80) NOT NULL, country CHAR(2) CHARACTER SET ascii NOT NULL,
    kind ENUM('person', 'company', '') NOT NULL DEFAULT 'person', wishes SET('news', 'offers', 'post') NOT NULL DEFAULT '',
    born DATE NULL, joined TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, credit DECIMAL(12,2) NOT NULL DEFAULT 0.00,
    UNIQUE KEY email (email), KEY country (country),
    CONSTRAINT customer_country FOREIGN KEY (country) REFERENCES countries (code)) COMMENT = 'who buys'`,
  `CREATE TABLE categories (
    id SMALLINT NOT NULL PRIMARY KEY, parent SMALLINT NULL, name VARCHAR(60) CHARACTER SET latin1 NOT NULL,
    CONSTRAINT category_parent FOREIGN KEY (parent) REFERENCES categories (id))`,
  `CREATE TABLE products (
    id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, sku VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    category SMALLINT NOT NULL, name VARCHAR(100) NOT NULL, description TEXT, price DECIMAL(10,2) NOT NULL, weight FLOAT,
    size DOUBLE, picture VARBINARY(64), flags BIT(12) NOT NULL DEFAULT b'0', since YEAR,
    UNIQUE KEY sku (sku), FULLTEXT KEY words (name, description),
    CONSTRAINT product_category FOREIGN KEY (category) REFERENCES categories (id))`,
  `CREATE TABLE product_prices (
    product INT NOT NULL, valid_from DATETIME(3) NOT NULL, price DECIMAL(10,2) NOT NULL, PRIMARY KEY (product, valid_from),
    CONSTRAINT priced_product FOREIGN KEY (product) REFERENCES products (id) ON DELETE CASCADE)`,
  `CREATE TABLE warehouses (id TINYINT NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL, place GEOMETRY NOT NULL)`,
  `CREATE TABLE stock (
    warehouse TINYINT NOT NULL, product INT NOT NULL, amount INT NOT NULL, counted DATETIME NULL,
    PRIMARY KEY (warehouse, product), KEY product (product, amount),
    CONSTRAINT stock_warehouse FOREIGN KEY (warehouse) REFERENCES warehouses (id),
    CONSTRAINT stock_product FOREIGN KEY (product) REFERENCES products (id))`,
  `CREATE TABLE orders (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, customer INT UNSIGNED NOT NULL, placed DATETIME(6) NOT NULL,
    state ENUM('open', 'paid', 'sent', 'returned') NOT NULL DEFAULT 'open', note VARCHAR(200), KEY placed (placed),
    CONSTRAINT order_customer FOREIGN KEY (customer) REFERENCES customers (id) ON UPDATE CASCADE)`,
  `CREATE TABLE order_items (
    order_id BIGINT UNSIGNED NOT NULL, line TINYINT UNSIGNED NOT NULL, product INT NOT NULL, amount SMALLINT NOT NULL,
    price DECIMAL(10,2) NOT NULL, PRIMARY KEY (order_id, line),
    CONSTRAINT item_order FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE,
    CONSTRAINT item_product FOREIGN KEY (product) REFERENCES products (id))`,
  `CREATE TABLE payments (
    id BINARY(16) NOT NULL PRIMARY KEY, order_id BIGINT UNSIGNED NOT NULL, paid TIMESTAMP(3) NULL, sum DECIMAL(12,2) NOT NULL,
    CONSTRAINT paid_order FOREIGN KEY (order_id) REFERENCES orders (id))`,
  `CREATE TABLE reviews (
    customer INT UNSIGNED NOT NULL, product INT NOT NULL, stars TINYINT NOT NULL, text MEDIUMTEXT,
    UNIQUE KEY once (customer, product))`,
  `CREATE TABLE visits (at DATETIME NOT NULL, page VARCHAR(100) CHARACTER SET latin1 NOT NULL, took TIME(3), agent BLOB)
    PARTITION BY RANGE COLUMNS (at) (
      PARTITION before_2024 VALUES LESS THAN ('2024-01-01'), PARTITION in_2024 VALUES LESS THAN ('2025-01-01'),
      PARTITION later VALUES LESS THAN (MAXVALUE))`,
  `CREATE TABLE audit (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, what VARCHAR(200) NOT NULL)`,
  "CREATE TABLE `odd ``names``` (`order` INT, `a b` VARCHAR(20), `c-d` INT)",
];

const from = (count: number, first = 1): string => `FROM numbers WHERE n BETWEEN ${first} AND ${first + count - 1}`;

const rows: readonly string[] = [
  `INSERT INTO countries VALUES ('AT', 'Österreich'), ('CZ', 'Česko'), ('DE', 'Deutschland'), ('GR', 'Ελλάδα'),
    ('IT', 'Italia'), ('JP', '日本'), ('PL', 'Polska'), ('TR', 'Türkiye')`,
  `INSERT INTO customers SELECT n, CONCAT('user', n, '@example.org'), CONCAT(ELT(1 + n % 5, 'Žofie', 'José', 'Øyvind', 'Ana', '花子'), ' ', n),
    ELT(1 + n % 8, 'AT', 'CZ', 'DE', 'GR', 'IT', 'JP', 'PL', 'TR'), ELT(1 + n % 3, 'person', 'company', ''), n % 8,
    IF(n % 7 = 0, NULL, '1950-01-01' + INTERVAL n * 7 % 20000 DAY), '2020-01-01' + INTERVAL n * 31 MINUTE, n * 13 % 100000 / 100
    ${from(amounts.customers)}`,
  `INSERT INTO categories SELECT n, NULLIF(n DIV 6, 0), CONCAT('Catégorie n° ', n) ${from(40)}`,
  `INSERT INTO products SELECT n, CONCAT('SKU-', LPAD(n * 7919 % 1000003, 7, '0')), 1 + n % 40, CONCAT('Product ', n),
    REPEAT(CONCAT('It is useful; it isn''t "cheap", and costs 1\\\\', n, '.\n'), 1 + n % 9), n * 37 % 100000 / 100, n / 7, n / 3e0,
    UNHEX(SHA2(n, 256)), n % 4096, 1990 + n % 35 ${from(amounts.products)}`,
  `INSERT INTO product_prices SELECT 1 + n % ${amounts.products}, '2023-01-01' + INTERVAL n * 100003 MICROSECOND, n % 10000 / 100
    ${from(amounts.products * 3)}`,
  `INSERT INTO warehouses VALUES (1, 'North', ST_GeomFromText('POINT(10.5 53.5)')), (2, 'South', ST_GeomFromText('POINT(11.25 48.125)')),
    (3, 'Everywhere', ST_GeomFromText('POLYGON((0 0, 10 0, 10 10, 0 10, 0 0), (2 2, 4 2, 4 4, 2 4, 2 2))'))`,
  `INSERT INTO stock SELECT 1 + n % 3, 1 + n DIV 3, n % 500, IF(n % 4 = 0, NULL, '2024-05-01 12:00:00') ${from(amounts.products * 3, 0)}`,
  `INSERT INTO orders SELECT n, 1 + n * 7919 % ${amounts.customers}, '2023-06-01' + INTERVAL n * 700001 * 1000 MICROSECOND,
    1 + n % 4, IF(n % 3 = 0, CONCAT('ring ', n % 9, '× at the door'), NULL) ${from(amounts.orders)}`,
  `INSERT INTO order_items SELECT 1 + n DIV 3, 1 + n % 3, 1 + n * 31 % ${amounts.products}, 1 + n % 5, n * 37 % 100000 / 100
    ${from(amounts.items, 0)}`,
  `INSERT INTO payments SELECT UNHEX(LEFT(SHA2(n, 224), 32)), n, IF(n % 11 = 0, NULL, '2023-07-01' + INTERVAL n * 700 SECOND), n % 50000 / 100
    FROM numbers WHERE n BETWEEN 1 AND ${amounts.orders} AND n % 4 > 0`,
  `INSERT INTO reviews SELECT 1 + n, 1 + n % ${amounts.products}, 1 + n % 5, IF(n % 2 = 0, NULL, REPEAT('très bien 👍 ', n % 20))
    ${from(amounts.reviews, 0)}`,
  `INSERT INTO visits SELECT '2023-01-01' + INTERVAL n * 21 MINUTE, CONCAT('/produit/é', n % 977), SEC_TO_TIME(n % 500 / 10), UNHEX(LEFT(SHA2(n, 512), n % 64 * 2))
    ${from(amounts.visits)}`,
  "INSERT INTO `odd ``names``` VALUES (1, '', NULL), (NULL, 'NULL', 2)",
];

const code: readonly string[] = [
  `CREATE FUNCTION order_total(wanted BIGINT UNSIGNED) RETURNS DECIMAL(14,2) READS SQL DATA
    RETURN (SELECT COALESCE(SUM(amount * price), 0) FROM order_items WHERE order_id = wanted)`,
  `CREATE PROCEDURE cancel_order(IN wanted BIGINT UNSIGNED, OUT items INT)
   BEGIN
     SELECT COUNT(*) INTO items FROM order_items WHERE order_id = wanted;
     DELETE FROM order_items WHERE order_id = wanted;
     UPDATE orders SET state = 'returned', note = 'cancelled; see "audit"' WHERE id = wanted;
   END`,
  `CREATE TRIGGER order_changed AFTER UPDATE ON orders FOR EACH ROW
   BEGIN
     IF NEW.state <> OLD.state THEN
       INSERT INTO audit (what) VALUES (CONCAT('order ', NEW.id, ': ', OLD.state, ' → ', NEW.state));
     END IF;
   END`,
  `CREATE TRIGGER customer_email BEFORE INSERT ON customers FOR EACH ROW SET NEW.email = LOWER(NEW.email)`,
  `CREATE EVENT forget_visits ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 03:00:00' DISABLE
    DO DELETE FROM visits WHERE at < NOW() - INTERVAL 5 YEAR`,
  `CREATE VIEW order_sums AS
    SELECT o.id, o.customer, o.placed, SUM(i.amount * i.price) AS total FROM orders AS o JOIN order_items AS i ON i.order_id = o.id
    GROUP BY o.id, o.customer, o.placed`,
  `CREATE VIEW best_customers AS
    SELECT c.name, c.country, SUM(s.total) AS total FROM customers AS c JOIN order_sums AS s ON s.customer = c.id
    GROUP BY c.id, c.name, c.country HAVING SUM(s.total) > 1000`,
  `UPDATE orders SET state = 'returned' WHERE id % 5000 = 1`,
];
