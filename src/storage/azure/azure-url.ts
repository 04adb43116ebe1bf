import { BackupError } from "../../core/backup-error.ts";
import { isSafeRelativePath } from "../../core/safe-path.ts";
import { readBucketUrl } from "../object/bucket-url.ts";
import { isEndpoint } from "../object/parse-repository-url.ts";
import { readRetention, retentionParameters } from "../object/retention.ts";
import type { AzureCredentials, AzureSettings } from "./azure-settings.ts";

/** What may stand behind the question mark. */
const parameters = new Set(["endpoint", "access-tier", "encryption-scope", ...retentionParameters]);

/** Schemes of URLs that name a container of Azure Blob Storage. */
export const azureSchemes: readonly string[] = ["azure:"];

/** Tiers of block blobs (https://learn.microsoft.com/azure/storage/blobs/access-tiers-overview), as the service writes them. */
const tiers = ["Hot", "Cool", "Cold", "Archive"];

/**
 * Reads `azure://ACCOUNT/CONTAINER/PREFIX`, with parameters behind a question mark.
 * @param environment of the process: what Azure's own programs read credentials from
 * @throws BackupError USAGE; CONFIG when the credentials are those of another account
 */
export function parseAzureUrl(text: string, environment: Readonly<Record<string, string | undefined>>): AzureSettings {
  const { hostname: account, path, given } = readBucketUrl(text, azureSchemes, parameters, refused);
  const [container = "", ...rest] = path;
  const prefix = rest.join("/");
  if (!/^[a-z0-9]{3,24}$/.test(account)) throw refused("it names no storage account");
  if (!/^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$/.test(container))
    throw refused(
      container === "" ? "it names no container" : "containers have 3 to 63 small letters, digits and single hyphens",
    );
  if (prefix !== "" && !isSafeRelativePath(prefix)) throw refused("the path behind the container cannot be used");
  const scope = given["encryption-scope"];
  if (scope !== undefined && !/^[A-Za-z0-9-]{3,63}$/.test(scope)) throw refused('"encryption-scope" is none');
  return {
    account,
    container,
    prefix,
    endpoint: endpointOf(given.endpoint),
    credentials: credentialsOf(account, environment),
    accessTier: tierOf(given["access-tier"]),
    retention: readRetention(given, refused),
    encryptionScope: scope,
  };
}

function endpointOf(given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  if (!isEndpoint(given)) throw refused('"endpoint" is a URL of http or https');
  return given.replace(/\/+$/, "");
}

function tierOf(given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  const tier = tiers.find((each) => each.toLowerCase() === given.toLowerCase());
  if (tier === undefined) throw refused(`"access-tier" is one of ${tiers.join(", ")}`);
  return tier;
}

function credentialsOf(account: string, environment: Readonly<Record<string, string | undefined>>): AzureCredentials {
  const {
    AZURE_STORAGE_CONNECTION_STRING: text,
    AZURE_STORAGE_ACCOUNT: owner,
    AZURE_STORAGE_KEY: key,
    AZURE_STORAGE_SAS_TOKEN: token,
  } = environment;
  if (text) return { kind: "connection string", text };
  if (!key && !token) return { kind: "chain" };
  if (owner && owner !== account) {
    throw new BackupError({
      code: "CONFIG",
      message: `the credentials in the environment are those of the storage account "${owner}", and the repository is in "${account}"`,
      hint: "set AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY (or AZURE_STORAGE_SAS_TOKEN) of the account that the URL names",
    });
  }
  if (key) return { kind: "account key", key };
  return { kind: "shared access signature", token: token!.replace(/^\?/, "") };
}

function refused(reason: string): BackupError {
  return new BackupError({
    code: "USAGE",
    message: `the URL of the repository cannot be used: ${reason}`,
    hint: "as azure://ACCOUNT/CONTAINER/PREFIX; credentials come from AZURE_STORAGE_* variables or an identity, see docs/storage.md",
  });
}
