import type { Retention } from "../object/retention.ts";

/** Where objects lie in Azure Blob Storage, and how it is asked. */
export interface AzureSettings {
  readonly account: string;
  readonly container: string;
  /** Before all keys, without slashes at its ends; may be empty. */
  readonly prefix: string;
  /** URL of the account's Blob service. Default: that of the connection string, or of the public cloud. */
  readonly endpoint?: string | undefined;
  readonly credentials: AzureCredentials;
  readonly accessTier?: string | undefined;
  readonly retention?: Retention | undefined;
  readonly encryptionScope?: string | undefined;
}

/** What shows who we are. Without any of them, the chain of Azure's SDK finds it: variables, identities of the machine, the CLI. */
export type AzureCredentials =
  | { readonly kind: "connection string"; readonly text: string }
  | { readonly kind: "account key"; readonly key: string }
  | { readonly kind: "shared access signature"; readonly token: string }
  | { readonly kind: "chain" };
