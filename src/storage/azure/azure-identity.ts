/** The chain of credentials, for its own file in the package: who has a key needs none of it. */
export { DefaultAzureCredential } from "@azure/identity";
