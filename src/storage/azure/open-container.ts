import type { ContainerClient, newPipeline, RequestPolicyFactory } from "@azure/storage-blob";
import { BackupError } from "../../core/backup-error.ts";
import type { AzureSettings } from "./azure-settings.ts";

/** The URL of the service, with a signature where that is what shows who we are, and what else does. */
interface Access {
  readonly url: string;
  readonly credential?: Parameters<typeof newPipeline>[0];
}

/**
 * Opens the container with the credentials that there are. Asks nobody yet. The SDK repeats nothing: wrappers of the port do.
 * @param connection how requests reach the service
 * @throws BackupError CONFIG when the credentials cannot be used for it
 */
export async function openContainer(
  settings: AzureSettings,
  connection: RequestPolicyFactory,
): Promise<ContainerClient> {
  const { BlobServiceClient, newPipeline } = await import("./azure-sdk.ts");
  const { url, credential } = await accessTo(settings);
  const pipeline = newPipeline(credential, { retryOptions: { maxTries: 1 } });
  pipeline.factories.push(connection);
  return new BlobServiceClient(url, pipeline).getContainerClient(settings.container);
}

async function accessTo(settings: AzureSettings): Promise<Access> {
  const { account, credentials } = settings;
  const endpoint = settings.endpoint ?? `https://${account}.blob.core.windows.net`;
  switch (credentials.kind) {
    case "connection string":
      return await accessByConnectionString(settings, credentials.text);
    case "account key": {
      const { StorageSharedKeyCredential } = await import("./azure-sdk.ts");
      return { url: endpoint, credential: new StorageSharedKeyCredential(account, credentials.key) };
    }
    case "shared access signature":
      return { url: `${endpoint}?${credentials.token}` };
    case "chain": {
      if (!endpoint.startsWith("https:")) {
        throw new BackupError({
          code: "CONFIG",
          message: "without a key or a signature the endpoint must be one of https: tokens are not sent in the clear",
          object: endpoint,
          hint: "set AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN, or give an endpoint of https",
        });
      }
      const { DefaultAzureCredential } = await import("./azure-identity.ts");
      return { url: endpoint, credential: new DefaultAzureCredential() };
    }
    default:
      return credentials satisfies never;
  }
}

async function accessByConnectionString({ account, endpoint }: AzureSettings, text: string): Promise<Access> {
  const { BlobServiceClient, StorageSharedKeyCredential } = await import("./azure-sdk.ts");
  let service: InstanceType<typeof BlobServiceClient>;
  try {
    service = BlobServiceClient.fromConnectionString(text);
  } catch {
    // What the SDK says of it may hold parts of it.
    throw unusable("it cannot be read");
  }
  // A signature has no name in it, and neither has every address.
  const { credential, accountName } = service;
  const owner = credential instanceof StorageSharedKeyCredential ? credential.accountName : accountName || account;
  if (owner !== account) {
    throw unusable(`it is that of the storage account "${owner}", and the repository is in "${account}"`);
  }
  const { search } = new URL(service.url);
  const url = endpoint === undefined ? service.url : `${endpoint}${search}`;
  return { url, credential };
}

function unusable(reason: string): BackupError {
  return new BackupError({
    code: "CONFIG",
    message: `AZURE_STORAGE_CONNECTION_STRING cannot be used: ${reason}`,
    hint: "copy it whole from the access keys of the account that the URL names",
  });
}
