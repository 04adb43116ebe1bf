import type { MysqlFlavourName } from "../../../../wire/mysql/server-capabilities.ts";
import { quoteText } from "../../quote.ts";
import {
  type Authentication,
  type CreateUser,
  type Locking,
  locked,
  lockedOut,
  viaText,
  withoutPassword,
} from "../create-user.ts";
import type { AccountsDialect } from "./accounts-dialect.ts";
import { convertSettings } from "./convert-settings.ts";

/** A server for which accounts are made to fit. */
export interface AuthenticationTarget extends AccountsDialect {
  /** Plugins by which accounts can log in, in small letters. */
  readonly plugins: ReadonlySet<string>;
  /** Of the server that the accounts come from. */
  readonly source: MysqlFlavourName;
}

export interface ConvertedUser {
  readonly create: CreateUser;
  /** For people; what they name stands in front of them. */
  readonly changes: readonly string[];
}

/** The same plugin has another name with the other flavour. */
const otherNames: Readonly<Record<string, string>> = { unix_socket: "auth_socket", auth_socket: "unix_socket" };
/** An account of theirs without a text has an empty password. */
const emptyPasswords = new Set(["mysql_native_password", "caching_sha2_password"]);
/** They know no expiry of what is no password of theirs. */
const withoutExpiry = new Set(["auth_socket", "mysql_no_login"]);
const nativeHash = /^'\*[0-9A-Fa-f]{40}'$/;

/**
 * Makes an account fit a server: how it logs in, and what else is said of it. One that has no way left is locked: without a
 * word of how it logs in, everybody would get in.
 */
export function convertCreateUser(
  create: CreateUser,
  target: AuthenticationTarget,
  { passwords }: { readonly passwords: boolean },
): ConvertedUser {
  const settings = convertSettings(create.more, target);
  const locking = target.locksAccounts ? "lock" : "hash";
  const wanted = { ...create, more: settings.more };
  const converted = passwords ? authenticated(wanted, target, locking) : bare(wanted, target, locking);
  const { create: user } = converted;
  const shut = locking === "lock" ? { ...user, more: locked(user.more) } : lockedOut(user, locking);
  return {
    create: settings.isShut ? shut : user,
    changes: [...converted.changes, ...settings.changes],
  };
}

/** Without its password. */
function bare(create: CreateUser, target: AuthenticationTarget, locking: Locking): ConvertedUser {
  const kept = withoutPassword(create, locking);
  if (kept.authentication !== undefined) return authenticated(kept, target, locking);
  const plugin = /^IDENTIFIED WITH '([^']*)'$/.exec(kept.identified)?.[1];
  const isKnown = plugin === undefined || (target.flavour === "mysql" && target.plugins.has(plugin.toLowerCase()));
  return { create: isKnown ? kept : { ...kept, identified: "" }, changes: [] };
}

function authenticated(create: CreateUser, target: AuthenticationTarget, locking: Locking): ConvertedUser {
  const { authentication, identified } = create;
  if (identified === "") return { create, changes: [] };
  // Several factors: none of them alone is as good.
  if (authentication === undefined && target.flavour === "mysql") return { create, changes: [] };
  if (authentication === undefined) {
    const change = "several factors are wanted of an account at once, which the server does not do: it is locked";
    return { create: lockedOut(create, locking), changes: [change] };
  }
  const ways = authentication.map((one) => wayFor(one, target));
  const known = ways.flatMap(({ way }) => (way === undefined ? [] : [way]));
  const kept = target.choosesPlugins ? known : known.slice(0, 1);
  const changes = ways.flatMap(({ change }) => (change === undefined ? [] : [change]));
  const lost = known
    .slice(kept.length)
    .map(({ plugin }) => `"${plugin}" is left out, for an account has one plugin only`);
  const all = [...changes, ...lost];
  if (kept.length === 0) {
    const isNobody = all.length === 0;
    return {
      create: lockedOut(create, locking),
      changes: isNobody ? [] : all.map((change) => `${change}, and so it is locked, without a password`),
    };
  }
  const isSame = all.length === 0 && kept.length === authentication.length && target.source === target.flavour;
  const isOfOldMysql = identified.startsWith("IDENTIFIED BY") && target.flavour === "mysql" && target.locksAccounts;
  return { create: isSame && !isOfOldMysql ? create : withWays(create, kept, target), changes: all };
}

interface Way {
  /** Undefined where there is none, or where nobody could go it. */
  readonly way?: Authentication;
  readonly change?: string;
}

function wayFor({ plugin, literal }: Authentication, { plugins, flavour }: AuthenticationTarget): Way {
  const name = plugin.toLowerCase();
  const text = literal === undefined || literal === "''" ? undefined : literal;
  // Installations of MariaDB make accounts with `USING 'invalid'`, whose passwords nobody knows.
  if (name === "mysql_native_password" && text !== undefined && !nativeHash.test(text)) {
    return flavour === "mariadb" ? { way: { plugin, literal } } : {};
  }
  if (text === undefined && emptyPasswords.has(name)) {
    return { way: plugins.has(name) ? { plugin, literal: undefined } : { plugin: "", literal: undefined } };
  }
  const there = plugins.has(name) ? plugin : otherNames[name];
  if (there !== undefined && plugins.has(there.toLowerCase())) {
    const change = there === plugin ? {} : { change: `plugin "${plugin}" becomes "${there}"` };
    const taken = flavour === "mariadb" && text !== undefined ? asText(text) : text;
    if (taken !== undefined || text === undefined) return { way: { plugin: there, literal: taken }, ...change };
  }
  if (name === "mysql_no_login") return {};
  return { change: `the server has no plugin "${plugin}"` };
}

/** MariaDB takes no hexadecimal digits there. Undefined for bytes that are no text. */
function asText(literal: string): string | undefined {
  if (!/^0x/i.test(literal)) return literal;
  const bytes = Buffer.from(literal.slice(2), "hex");
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? quoteText(text) : undefined;
}

function withWays(create: CreateUser, ways: readonly Authentication[], target: AuthenticationTarget): CreateUser {
  const [first] = ways;
  const { flavour, choosesPlugins, locksAccounts } = target;
  if (first === undefined) return create;
  // An empty password, of the server's usual plugin.
  if (first.plugin === "") return { ...create, authentication: undefined, identified: "" };
  if (choosesPlugins) return { ...create, authentication: ways, identified: viaText(ways) };
  const { plugin, literal } = first;
  if (plugin.toLowerCase() === "mysql_native_password" && (flavour === "mariadb" || !locksAccounts)) {
    return {
      ...create,
      authentication: ways,
      identified: literal === undefined ? "" : `IDENTIFIED BY PASSWORD ${literal}`,
    };
  }
  const more = flavour === "mysql" && withoutExpiry.has(plugin.toLowerCase()) ? unexpired(create.more) : create.more;
  const text = literal === undefined ? "" : ` AS ${literal}`;
  return { ...create, authentication: ways, identified: `IDENTIFIED WITH '${plugin}'${text}`, more };
}

function unexpired(more: string): string {
  return more.replace(/\bPASSWORD EXPIRE(?: DEFAULT| NEVER| INTERVAL \d+ DAY)?\s*/i, "").trim();
}
