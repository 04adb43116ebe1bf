/** Turns a name as the server's bytes (binary string) into text for people and metadata. */
export type NameDecoder = (name: string) => string;

/** Labels of the Encoding Standard for PostgreSQL's server encodings that have one. */
const labels: Readonly<Record<string, string>> = {
  UTF8: "utf-8",
  LATIN1: "iso-8859-1",
  LATIN2: "iso-8859-2",
  LATIN3: "iso-8859-3",
  LATIN4: "iso-8859-4",
  LATIN5: "iso-8859-9",
  LATIN6: "iso-8859-10",
  LATIN7: "iso-8859-13",
  LATIN8: "iso-8859-14",
  LATIN9: "iso-8859-15",
  LATIN10: "iso-8859-16",
  ISO_8859_5: "iso-8859-5",
  ISO_8859_6: "iso-8859-6",
  ISO_8859_7: "iso-8859-7",
  ISO_8859_8: "iso-8859-8",
  WIN866: "ibm866",
  WIN874: "windows-874",
  WIN1250: "windows-1250",
  WIN1251: "windows-1251",
  WIN1252: "windows-1252",
  WIN1253: "windows-1253",
  WIN1254: "windows-1254",
  WIN1255: "windows-1255",
  WIN1256: "windows-1256",
  WIN1257: "windows-1257",
  WIN1258: "windows-1258",
  KOI8R: "koi8-r",
  KOI8U: "koi8-u",
  EUC_JP: "euc-jp",
  EUC_KR: "euc-kr",
  EUC_CN: "gb18030",
};

/**
 * A decoder for names of a database with this encoding. SQL_ASCII and encodings that have no label are read as UTF-8
 * where the bytes allow it, else byte by byte: a name is for people here, the dump itself keeps the bytes.
 */
export function nameDecoder(encoding: string): NameDecoder {
  const decoder = new TextDecoder(labels[encoding] ?? "utf-8", { fatal: true });
  return (name) => {
    try {
      return decoder.decode(Buffer.from(name, "latin1"));
    } catch {
      return name;
    }
  };
}
