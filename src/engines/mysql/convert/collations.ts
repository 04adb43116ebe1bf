/** Languages in names of collations: MySQL's short names, and those that all others have. */
const languages: ReadonlyMap<string, string> = new Map([
  ["cs", "czech"],
  ["da", "danish"],
  ["de_pb", "german2"],
  ["eo", "esperanto"],
  ["es", "spanish"],
  ["es_trad", "spanish2"],
  ["et", "estonian"],
  ["hr", "croatian"],
  ["hu", "hungarian"],
  ["is", "icelandic"],
  ["la", "roman"],
  ["lt", "lithuanian"],
  ["lv", "latvian"],
  ["pl", "polish"],
  ["ro", "romanian"],
  ["sk", "slovak"],
  ["sl", "slovenian"],
  ["sv", "swedish"],
  ["tr", "turkish"],
  ["vi", "vietnamese"],
]);
const shortNames: ReadonlyMap<string, string> = new Map([...languages].map(([short, long]) => [long, short]));

/**
 * The collation that comes nearest to one that the server does not know; undefined when there is none of its character set.
 * What stays the same, in this order: the character set, whether letters differ by case and accents, whether spaces at the
 * end count, the language, the version of Unicode's rules.
 * @param known names in small letters
 */
export function nearestCollation(name: string, known: ReadonlySet<string>): string | undefined {
  return candidates(name.toLowerCase()).find((candidate) => known.has(candidate));
}

function* ofCharset(name: string): Generator<string> {
  const [charset] = name.split("_", 1);
  const isExact = /_(?:bin|cs|ks)$/.test(name);
  const all = isExact ? ["bin"] : ["unicode_520_ci", "unicode_ci", "general_ci"];
  for (const one of all) yield `${charset}_${one}`;
}

function candidates(name: string): string[] {
  const mysql = /^utf8mb4_(?:([a-z]{2}(?:_[a-z]+)?)_)?0900_(bin|(ai|as)_(ci|cs))(?:_ks)?$/.exec(name);
  if (mysql !== null) return ofMysql(name, mysql[1], mysql[2]!);
  // Names without a character set are those of the statement's own.
  const mariadb = /^(?:(\w+?)_)?uca1400_(nopad_)?(?:([a-z0-9]+)_)?(a[is]_c[is])$/.exec(name);
  if (mariadb !== null) {
    const [, charset = "utf8mb4", nopad, language, strength] = mariadb;
    return ofMariadb(charset, nopad !== undefined, language, strength!);
  }
  const padded = name.replace("_nopad", "");
  const sameRules = name === "utf8mb4_nopad_bin" ? ["utf8mb4_0900_bin"] : [];
  return [...sameRules, ...(padded === name ? [] : [padded]), ...ofCharset(name)];
}

/** MySQL's of version 9 of Unicode's rules: spaces at the end count. */
function ofMysql(name: string, short: string | undefined, strength: string): string[] {
  if (strength === "bin") return ["utf8mb4_nopad_bin", "utf8mb4_bin"];
  const language = short === undefined ? undefined : languages.get(short);
  const withLanguage = language === undefined ? [] : [`utf8mb4_uca1400_nopad_${language}_${strength}`];
  const older = strength.endsWith("cs") ? ["utf8mb4_nopad_bin"] : ["utf8mb4_unicode_520_nopad_ci"];
  const olderLanguage = language === undefined || strength !== "ai_ci" ? [] : [`utf8mb4_${language}_ci`];
  return [...withLanguage, ...olderLanguage, `utf8mb4_uca1400_nopad_${strength}`, ...older, ...ofCharset(name)];
}

/** MariaDB's of version 14 of Unicode's rules. */
function ofMariadb(charset: string, nopad: boolean, language: string | undefined, strength: string): string[] {
  const isUtf8mb4 = charset === "utf8mb4";
  const short = language === undefined ? undefined : shortNames.get(language);
  const ofLanguage = strength === "ai_ci" && language !== undefined ? [`${charset}_${language}_ci`] : [];
  const since9 = isUtf8mb4
    ? [...(short === undefined ? [] : [`utf8mb4_${short}_0900_${nineStrength(strength)}`]), `utf8mb4_0900_${strength}`]
    : [];
  // Spaces at the end count nowhere else.
  const older = strength === "ai_ci" ? [`${charset}_unicode_520_ci`] : [];
  const inOrder = nopad ? [...since9, ...ofLanguage, ...older] : [...ofLanguage, ...older, ...since9];
  const exact = strength.endsWith("cs") ? [`${charset}_0900_as_cs`, `${charset}_bin`] : [];
  return [...inOrder, ...exact, ...ofCharset(`${charset}_${strength}`)];
}

/** Of languages MySQL has two. */
function nineStrength(strength: string): string {
  return strength === "ai_ci" ? "ai_ci" : "as_cs";
}
