/** What is used of the SDK, for its file in the package: the rest is left out. */
export { BlobServiceClient, newPipeline, StorageSharedKeyCredential } from "@azure/storage-blob";
