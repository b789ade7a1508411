import type { LookupAddress } from "node:dns"
import { request as httpRequest, type IncomingMessage } from "node:http"
import { request as httpsRequest } from "node:https"
import { isIP } from "node:net"
import type { Readable } from "node:stream"
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib"
import type { EgressConnection } from "#core/egress/countBody.ts"
import type { Egress } from "#core/egress/createEgress.ts"
import { AppError } from "#core/errors.ts"
import { isPrivateAddress } from "#core/privateAddresses.ts"
import { untilAborted } from "#core/untilAborted.ts"

export interface FetchPageDeps {
  /** Every address of a host. */
  lookup: (host: string) => Promise<LookupAddress[]>
  /** The way out; asked before every connection. */
  egress: Pick<Egress, "open">
  /** Origins whose address may be private: wikis of the house. Everything else about them is checked as usual. */
  trustedOrigins: readonly string[]
  /** From the first look-up to the last byte, redirects included. Default 30,000 ms. */
  timeoutMs?: number
  /** Of the page as it arrives and as it unpacks. Default 20 MB. */
  maxBytes?: number
}

export interface FetchedPage {
  bytes: Uint8Array
  /** Without parameters, in lower case: `text/html`. */
  contentType: string
  /** As the server names it. */
  charset: string | null
  /** Where the last redirect led. */
  url: string
}

const maxRedirects = 5
const readableTypes =
  /^(?:text\/(?:html|plain|markdown|csv|xml|calendar|tab-separated-values|vtt)|application\/(?:xhtml\+xml|pdf|json|xml|rss\+xml|atom\+xml|ld\+json|epub\+zip|x-ndjson)|[a-z]+\/[\w.-]+\+(?:json|xml))$/

/**
 * Fetches one page of the web. Only http and https, only hosts all of whose addresses are public; the connection goes to the address
 * that was checked, so that a name cannot lead elsewhere in between; every redirect passes the same door. No cookies, no credentials.
 * Throws `download.offline`, `page.refused`, `page.unreachable`, `document.unsupported`, `document.too-large`, or `signal.reason`.
 */
export async function fetchPage(address: string, deps: FetchPageDeps, signal: AbortSignal): Promise<FetchedPage> {
  const { timeoutMs = 30_000, maxBytes = 20 * 1024 * 1024 } = deps
  const limit = AbortSignal.timeout(timeoutMs)
  const both = AbortSignal.any([signal, limit])
  try {
    let url = parseAddress(address)
    for (let hop = 0; hop <= maxRedirects; hop++) {
      const { response, connection } = await open(url, deps, both)
      try {
        const next = redirectOf(response, url)
        if (next === null) return await receive(response, url, maxBytes, both)
        url = next
      } finally {
        response.destroy()
        connection.count(0, response.socket.bytesRead)
        connection.end("done")
      }
    }
    throw unreachable("The page redirects too often.")
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof AppError) throw error
    if (limit.aborted) throw unreachable("The page did not arrive in time.")
    throw unreachable("The page cannot be reached.", error)
  }
}

/** The address as it is kept: http or https, without credentials and fragment. Throws `page.refused`. */
export function parseAddress(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : null
  if (!url || address.length > 2000) throw refused("it is no web address")
  if (url.protocol !== "https:" && url.protocol !== "http:") throw refused("only http and https are fetched")
  if (url.username || url.password) throw refused("it carries a password")
  url.hash = ""
  return url
}

async function open(
  url: URL,
  deps: FetchPageDeps,
  signal: AbortSignal,
): Promise<{ response: IncomingMessage; connection: EgressConnection }> {
  const isSecure = url.protocol === "https:"
  const connection = deps.egress.open({
    reason: "web-page",
    host: url.hostname,
    port: Number(url.port || (isSecure ? 443 : 80)),
    allowsPrivate: deps.trustedOrigins.includes(url.origin),
  })
  try {
    const checked = await checkedAddress(url, deps, signal)
    return { response: await send(url, isSecure ? httpsRequest : httpRequest, checked, signal), connection }
  } catch (error) {
    connection.end("failed")
    throw error
  }
}

function send(
  url: URL,
  start: typeof httpRequest,
  checked: LookupAddress,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = start(
      url,
      {
        signal,
        // A connection of its own: a kept one may have been opened under another name.
        agent: false,
        headers: {
          accept: "text/html,application/xhtml+xml,*/*;q=0.5",
          "user-agent": "ZenGlow",
          "accept-encoding": "gzip, br",
        },
        lookup: (_host, options, callback) => {
          if (options.all) callback(null, [checked])
          else callback(null, checked.address, checked.family)
        },
      },
      resolve,
    )
    request.on("error", reject)
    request.end()
  })
}

/** One private address among several is enough to refuse: which one is used must not be left to chance. */
async function checkedAddress(url: URL, deps: FetchPageDeps, signal: AbortSignal): Promise<LookupAddress> {
  const host = url.hostname.replace(/^\[|\]$/g, "")
  const addresses = isIP(host) ? [{ address: host, family: isIP(host) }] : await untilAborted(deps.lookup(host), signal)
  const isTrusted = deps.trustedOrigins.includes(url.origin)
  if (!isTrusted && addresses.some(({ address }) => isPrivateAddress(address)))
    throw refused(
      "it leads to a private address",
      "Save the page and add the file, or list its origin in `pageOrigins`.",
    )
  const [first] = addresses
  if (!first) throw unreachable("The host of the page is not known.")
  return first
}

/** Null: this is the page itself. */
function redirectOf(response: IncomingMessage, from: URL): URL | null {
  const { statusCode = 0, headers } = response
  if (statusCode < 300 || statusCode >= 400 || statusCode === 304) return null
  const { location } = headers
  if (!location || !URL.canParse(location, from)) throw unreachable("The page redirects to nowhere.")
  return parseAddress(new URL(location, from).href)
}

async function receive(
  response: IncomingMessage,
  url: URL,
  maxBytes: number,
  signal: AbortSignal,
): Promise<FetchedPage> {
  const { statusCode = 0, headers } = response
  const contentType = (headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() || "text/html"
  try {
    if (statusCode !== 200) throw unreachable(`The server answered ${statusCode}.`)
    if (!readableTypes.test(contentType)) {
      throw new AppError(
        "document.unsupported",
        `The address leads to a file of the type ${contentType.slice(0, 60)}.`,
        {
          remedy: "Download it and add the file.",
        },
      )
    }
    if (Number(headers["content-length"] ?? 0) > maxBytes) throw tooLarge(maxBytes)
    const bytes = await collect(decoded(response), maxBytes, signal)
    const charset = /charset\s*=\s*["']?([\w:.-]{1,40})/i.exec(headers["content-type"] ?? "")?.[1] ?? null
    return { bytes, contentType, charset, url: url.href }
  } finally {
    response.destroy()
  }
}

function decoded(response: IncomingMessage): Readable {
  const coding = response.headers["content-encoding"]?.trim().toLowerCase() ?? "identity"
  if (coding === "identity" || coding === "") return response
  const unpacked =
    coding === "gzip" || coding === "x-gzip"
      ? createGunzip()
      : coding === "br"
        ? createBrotliDecompress()
        : coding === "deflate"
          ? createInflate()
          : null
  if (!unpacked) throw unreachable("The page is packed in an unknown way.")
  response.on("error", (error) => unpacked.destroy(error))
  return response.pipe(unpacked)
}

/** Counts what arrives and what it unpacks to: neither may pass the limit. */
async function collect(stream: Readable, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let size = 0
  const onAbort = (): void => void stream.destroy(signal.reason as Error)
  signal.addEventListener("abort", onAbort, { once: true })
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > maxBytes) throw tooLarge(maxBytes)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } finally {
    signal.removeEventListener("abort", onAbort)
    stream.destroy()
  }
}

const refused = (reason: string, remedy = "Check the address."): AppError =>
  new AppError("page.refused", `The address was refused: ${reason}.`, { remedy })

const unreachable = (message: string, cause?: unknown): AppError =>
  new AppError("page.unreachable", message, {
    remedy: "Check the address in a browser, or save the page and add the file.",
    ...(cause === undefined ? {} : { cause }),
  })

const tooLarge = (maxBytes: number): AppError =>
  new AppError("document.too-large", `The page is larger than ${Math.round(maxBytes / 1024 / 1024)} MB.`, {
    remedy: "Download it and add the file.",
  })
