import { expect, test } from "vitest";
import { parseAzureUrl } from "./azure-url.ts";

test.each([
  ["azure://shop/backups", { account: "shop", container: "backups", prefix: "", endpoint: undefined }],
  ["azure://shop/backups/a/b%20c/", { prefix: "a/b c" }],
  [
    "azure://shop/backups?endpoint=https://shop.blob.core.chinacloudapi.cn/&access-tier=cool&encryption-scope=of-ours",
    { endpoint: "https://shop.blob.core.chinacloudapi.cn", accessTier: "Cool", encryptionScope: "of-ours" },
  ],
])("%s is read", (url, settings) => {
  expect(parseAzureUrl(url, {})).toMatchObject(settings);
});

test.each([
  ["azure://user:pass@shop/backups", "credentials do not belong into URLs"],
  ["azure://Sh/backups", "it names no storage account"],
  ["azure://shop", "it names no container"],
  ["azure://shop/Back_ups/x", "containers have 3 to 63"],
  ["azure://shop/backups/a//b", "the path behind the container"],
  ["azure://shop/backups/%zz", 'a "%" that begins no character'],
  ["azure://shop/backups?colour=blue", '"colour" is no parameter'],
  ["azure://shop/backups?access-tier=Hot&access-tier=Cool", "twice"],
  ["azure://shop/backups?access-tier=Premium", '"access-tier" is one of Hot, Cool, Cold, Archive'],
  ["azure://shop/backups?encryption-scope=a/b", '"encryption-scope" is none'],
  ["azure://shop/backups?endpoint=file:///etc", '"endpoint" is a URL'],
  ["azure://shop/backups?endpoint=https://x/?sig=secret", '"endpoint" is a URL'],
  ["azure://shop/backups#x", '"#" has no meaning'],
])("%s is refused", (url, message) => {
  expect(() => parseAzureUrl(url, {})).toThrow(expect.objectContaining({ code: "USAGE" }));
  expect(() => parseAzureUrl(url, {})).toThrow(message);
});

function credentials(environment: Record<string, string>) {
  return parseAzureUrl("azure://shop/backups", environment).credentials;
}

test("credentials come from the environment: a connection string, a key, a signature, and else the chain", () => {
  const all = {
    AZURE_STORAGE_CONNECTION_STRING: "AccountName=shop",
    AZURE_STORAGE_ACCOUNT: "shop",
    AZURE_STORAGE_KEY: "a2V5",
    AZURE_STORAGE_SAS_TOKEN: "?sv=1&sig=2",
  };
  expect(credentials(all)).toEqual({ kind: "connection string", text: "AccountName=shop" });
  expect(credentials({ ...all, AZURE_STORAGE_CONNECTION_STRING: "" })).toEqual({ kind: "account key", key: "a2V5" });
  expect(credentials({ AZURE_STORAGE_SAS_TOKEN: "?sv=1&sig=2" })).toEqual({
    kind: "shared access signature",
    token: "sv=1&sig=2",
  });
  expect(credentials({ AZURE_STORAGE_ACCOUNT: "another" })).toEqual({ kind: "chain" });
  const another = { AZURE_STORAGE_ACCOUNT: "another", AZURE_STORAGE_KEY: "a2V5" };
  expect(() => credentials(another)).toThrow(expect.objectContaining({ code: "CONFIG" }));
});
