import { createServer } from "node:http";

/**
 * A server that speaks as much of S3 as a backup needs, as a program by itself: it discards what is sent in parts and remembers small
 * objects only. `node sink-server.ts`: prints its port.
 */
const SMALL = 256 * 1024;
const small = new Map<string, { readonly bytes: Buffer; readonly work: string }>();
const sizes = new Map<string, number>();
let uploads = 0;

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url!, "http://sink");
  const key = decodeURIComponent(pathname).replace(/^\/[^/]+\/?/, "");
  const pieces: Buffer[] = [];
  let length = 0;
  request.on("data", (piece: Buffer) => {
    length += piece.length;
    if (length <= SMALL) pieces.push(piece);
  });
  request.on("end", () => {
    const answer = (status: number, body = "", headers: Record<string, string | number> = {}): void => {
      response.writeHead(status, { "content-length": Buffer.byteLength(body), ...headers });
      response.end(request.method === "HEAD" ? "" : body);
    };
    const uploadId = searchParams.get("uploadId");
    if (request.method === "PUT" && uploadId !== null) {
      sizes.set(key, (sizes.get(key) ?? 0) + length);
      answer(200, "", { etag: `"part-${searchParams.get("partNumber")}"` });
    } else if (request.method === "PUT") {
      small.set(key, { bytes: Buffer.concat(pieces), work: String(request.headers["x-amz-meta-dbbackup-work"] ?? "") });
      sizes.set(key, length);
      answer(200, "", { etag: '"object"' });
    } else if (request.method === "POST" && uploadId !== null) {
      answer(200, "<CompleteMultipartUploadResult><ETag>&quot;all&quot;</ETag></CompleteMultipartUploadResult>");
    } else if (request.method === "POST") {
      answer(200, `<InitiateMultipartUploadResult><UploadId>${++uploads}</UploadId></InitiateMultipartUploadResult>`);
    } else if (request.method === "DELETE") {
      small.delete(key);
      sizes.delete(key);
      answer(204);
    } else if (searchParams.has("list-type")) {
      const prefix = searchParams.get("prefix") ?? "";
      const found = [...sizes].filter(([name]) => name.startsWith(prefix)).toSorted();
      const contents = found.map(
        ([name, size]) =>
          `<Contents><Key>${name}</Key><Size>${size}</Size><LastModified>${new Date().toISOString()}</LastModified></Contents>`,
      );
      answer(200, `<ListBucketResult><IsTruncated>false</IsTruncated>${contents.join("")}</ListBucketResult>`);
    } else if (searchParams.has("uploads")) {
      answer(200, "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>");
    } else if (!sizes.has(key)) answer(404, "<Error><Code>NoSuchKey</Code></Error>");
    else {
      const { bytes, work } = small.get(key) ?? { bytes: Buffer.alloc(0), work: "" };
      const range = /bytes=(\d+)-(\d+)/.exec(String(request.headers.range));
      const headers = { etag: '"object"', "x-amz-meta-dbbackup-work": work, "last-modified": new Date().toUTCString() };
      if (request.method === "HEAD") {
        response.writeHead(200, { ...headers, "content-length": sizes.get(key)! });
        response.end();
      } else if (range === null) answer(200, bytes.toString(), headers);
      else {
        const [from, to] = [Number(range[1]), Math.min(Number(range[2]), bytes.length - 1)];
        answer(206, bytes.toString("utf8", from, to + 1), {
          ...headers,
          "content-range": `bytes ${from}-${to}/${bytes.length}`,
        });
      }
    }
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(typeof address === "object" ? address?.port : "");
});
