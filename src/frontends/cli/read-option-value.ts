import { BackupError } from "../../core/backup-error.ts";
import { nearest } from "../../core/nearest.ts";
import type { Option } from "./options/option.ts";

/**
 * An option's value from its text (undefined for a flag that is just there).
 * @param where what to call it in an error: `option "--port"`, `environment variable "DBBACKUP_PORT"`.
 * @throws BackupError USAGE
 */
export function readOptionValue(option: Option, text: string | undefined, where: string): string | number | boolean {
  if (option.type === "flag") return true;
  const value = text ?? "";
  if (value.includes("\0")) throw refuse(option, value, where, "a value cannot hold a zero byte");
  switch (option.type) {
    case "text":
      // Of a script's variable that is not set: it may not mean another server, place or choice of objects.
      if (value === "" && option.mayBeEmpty !== true)
        throw refuse(option, value, where, "give it a value, or leave it out");
      return value;
    case "integer":
      return readInteger(option, value, where);
    case "size":
      return readUnits(option, value, where, sizes, "a size as 4096, 64K, 10M or 2G");
    case "duration":
      return readUnits(option, value, where, durations, "a time as 90s, 30m or 2h");
    case "choice":
      return readChoice(option, value, where);
    default:
      return option.type satisfies never;
  }
}

function readInteger(option: Option, value: string, where: string): number {
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  const min = option.min ?? 0;
  const max = option.max ?? Number.MAX_SAFE_INTEGER;
  if (number >= min && number <= max) return number;
  throw refuse(
    option,
    value,
    where,
    `use a whole number from ${min}${option.max === undefined ? " up" : ` to ${max}`}`,
  );
}

/** In bytes. As PostgreSQL means them: powers of 1024. */
const sizes: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  ...Object.fromEntries(
    ["K", "M", "G", "T"].flatMap((unit, i) => ["", "B", "IB"].map((end) => [unit + end, 2 ** (10 * (i + 1))])),
  ),
};

/** In seconds. */
const durations: Readonly<Record<string, number>> = { "": 1, S: 1, M: 60, H: 3600, D: 86_400 };

function readUnits(
  option: Option,
  value: string,
  where: string,
  units: Readonly<Record<string, number>>,
  form: string,
): number {
  const [, digits = "", unit = ""] = /^(\d{1,15})([A-Za-z]{0,3})$/.exec(value) ?? [];
  const number = digits === "" ? Number.NaN : Number(digits) * (units[unit.toUpperCase()] ?? Number.NaN);
  const { min = 1, max = Number.MAX_SAFE_INTEGER } = option;
  if (number >= min && number <= max) return number;
  const least = min > 1 ? `, at least ${min}` : "";
  const most = option.max === undefined ? "" : `, at most ${option.max}`;
  throw refuse(option, value, where, `use ${form}${least}${most}`);
}

function readChoice(option: Option, value: string, where: string): string {
  const values = option.values ?? [];
  if (values.includes(value)) return value;
  const alias = Object.entries(option.valueAliases ?? {}).find(([word]) => word.toLowerCase() === value.toLowerCase());
  if (alias !== undefined) return alias[1];
  const guess = nearest(value, values);
  throw refuse(option, value, where, guess === undefined ? `use ${values.join(", ")}` : `did you mean "${guess}"?`);
}

function refuse(option: Option, value: string, where: string, hint: string): BackupError {
  const shown = option.secret === true ? "" : ` "${value}"`;
  return new BackupError({ code: "USAGE", message: `${where} has the wrong value${shown}`, hint });
}
