import { mkdtemp, readFile, rm } from "node:fs/promises"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { ownerActor } from "#core/actor.ts"
import { systemClock } from "#core/clock.ts"
import { AppError } from "#core/errors.ts"
import { isPrivateAddress } from "#core/privateAddresses.ts"
import { type FetchPageDeps, fetchPage, parseAddress } from "#rag/pages/fetchPage.ts"
import { createPages } from "#rag/pages/pages.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"
import { openEgress } from "../fakes/openEgress.ts"

const signal = new AbortController().signal
const page = "<!doctype html><html><head><title>Valve</title></head><body><p>Shut it.</p></body></html>"

let server: Server
let origin: string
let answer: (request: IncomingMessage, response: ServerResponse) => void
let requests: string[]

beforeEach(async () => {
  requests = []
  answer = (_request, response) => response.setHeader("content-type", "text/html; charset=utf-8").end(page)
  server = createServer((request, response) => {
    requests.push(request.url ?? "")
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const fetchIt = (address: string, deps: Partial<FetchPageDeps> = {}) =>
  fetchPage(
    address,
    {
      lookup: async () => [{ address: "127.0.0.1", family: 4 }],
      egress: openEgress,
      trustedOrigins: [origin],
      ...deps,
    },
    signal,
  )
const refused = { code: "page.refused" }

describe("the guard of web pages", () => {
  it("lets a trusted origin pass, and asks for no more than the page", async () => {
    const fetched = await fetchIt(`${origin}/a?b=c#d`)
    expect(new TextDecoder().decode(fetched.bytes)).toBe(page)
    expect(fetched).toMatchObject({ contentType: "text/html", charset: "utf-8", url: `${origin}/a?b=c` })
    expect(requests).toEqual(["/a?b=c"])
  })

  it("refuses everything that is no public web address, in whatever clothes", async () => {
    const port = new URL(origin).port
    const addresses = [
      "file:///etc/passwd",
      "ftp://example.org/",
      "javascript:alert(1)",
      "not an address",
      `http://user:secret@127.0.0.1:${port}/`,
      `http://localhost:${port}/`,
      `http://127.1:${port}/`,
      `http://0x7f000001:${port}/`,
      `http://2130706433:${port}/`,
      `http://[::1]:${port}/`,
      `http://[::ffff:127.0.0.1]:${port}/`,
      `http://0.0.0.0:${port}/`,
      "http://10.0.0.1/",
      "http://169.254.169.254/latest/meta-data/",
      "http://[fd00::1]/",
      `https://${"a".repeat(2100)}.example.org/`,
    ]
    for (const address of addresses) {
      const outcome = await fetchIt(address, { trustedOrigins: [] }).catch((error: unknown) => error)
      expect([address.slice(0, 60), outcome]).toMatchObject([address.slice(0, 60), refused])
    }
    // Also where the address itself would be let in.
    for (const address of ["ftp://example.org/", "file:///etc/passwd", "http://user:secret@example.org/", "x"])
      expect(() => parseAddress(address)).toThrow("The address was refused")
    expect(requests).toEqual([])
  })

  it("knows the private ranges of both families", () => {
    const privates =
      "127.0.0.1 10.1.2.3 172.31.0.1 192.168.1.1 100.64.0.1 169.254.1.1 0.0.0.0 224.0.0.1 ::1 :: fe80::1 fd12::1 ::ffff:10.0.0.1 64:ff9b::7f00:1 2002:7f00:1::1 not-an-address"
    const publics = "93.184.216.34 8.8.8.8 172.32.0.1 2606:2800:220:1:248:1893:25c8:1946 ::ffff:8.8.8.8"
    expect(privates.split(" ").filter((address) => !isPrivateAddress(address))).toEqual([])
    expect(publics.split(" ").filter(isPrivateAddress)).toEqual([])
  })

  it("refuses a host one of whose addresses is private", async () => {
    const lookup = async () => [
      { address: "93.184.216.34", family: 4 },
      { address: "127.0.0.1", family: 4 },
    ]
    await expect(
      fetchIt(`http://two.example:${new URL(origin).port}/`, { lookup, trustedOrigins: [] }),
    ).rejects.toMatchObject(refused)
    expect(requests).toEqual([])
  })

  it("connects to the address that was checked, whatever the name says a moment later", async () => {
    let asked = 0
    const lookup = async () => {
      asked++
      return [{ address: asked === 1 ? "127.0.0.1" : "127.0.0.2", family: 4 }]
    }
    const named = `http://pinned.invalid:${new URL(origin).port}`
    const fetched = await fetchIt(`${named}/`, { lookup, trustedOrigins: [named] })
    expect(fetched.bytes.byteLength).toBe(page.length)
    expect(asked).toBe(1)
  })

  it("checks every redirect again, and counts them", async () => {
    answer = (_request, response) => response.writeHead(302, { location: "http://127.0.0.1:1/secret" }).end()
    await expect(fetchIt(`${origin}/`)).rejects.toMatchObject(refused)
    answer = (_request, response) => response.writeHead(302, { location: "file:///etc/passwd" }).end()
    await expect(fetchIt(`${origin}/`)).rejects.toMatchObject(refused)
    answer = (request, response) => response.writeHead(302, { location: `${request.url}x` }).end()
    await expect(fetchIt(`${origin}/`)).rejects.toMatchObject({ code: "page.unreachable" })
    expect(requests.length).toBeLessThan(12)
    answer = (request, response) =>
      request.url === "/end"
        ? response.setHeader("content-type", "text/plain").end("here")
        : response.writeHead(301, { location: "/end" }).end()
    expect(await fetchIt(`${origin}/start`)).toMatchObject({ url: `${origin}/end`, contentType: "text/plain" })
  })

  const offline = (): never => {
    throw new AppError("download.offline", "Offline.")
  }

  it("opens nothing while offline", async () => {
    await expect(fetchIt(`${origin}/`, { egress: { open: offline } })).rejects.toMatchObject({
      code: "download.offline",
    })
    expect(requests).toEqual([])
  })

  it("ends at a size, told, sent or unpacked", async () => {
    const tooLarge = { code: "document.too-large" }
    answer = (_request, response) =>
      response.writeHead(200, { "content-type": "text/html", "content-length": 2 ** 30 }).end()
    await expect(fetchIt(`${origin}/`)).rejects.toMatchObject(tooLarge)
    answer = (_request, response) => {
      response.writeHead(200, { "content-type": "text/html" })
      const more = (): void => void (response.destroyed || response.write("x".repeat(65_536), more))
      more()
    }
    await expect(fetchIt(`${origin}/`, { maxBytes: 300_000 })).rejects.toMatchObject(tooLarge)
    const bomb = gzipSync(new Uint8Array(50 * 1024 * 1024))
    answer = (_request, response) =>
      response.writeHead(200, { "content-type": "text/html", "content-encoding": "gzip" }).end(bomb)
    await expect(fetchIt(`${origin}/`)).rejects.toMatchObject(tooLarge)
    answer = (_request, response) =>
      response.writeHead(200, { "content-type": "text/html", "content-encoding": "gzip" }).end(gzipSync(page))
    expect((await fetchIt(`${origin}/`)).bytes.byteLength).toBe(page.length)
  })

  it("ends at a time, also when the page trickles", async () => {
    answer = (_request, response) => {
      response.writeHead(200, { "content-type": "text/html" })
      response.write("x")
    }
    await expect(fetchIt(`${origin}/`, { timeoutMs: 300 })).rejects.toMatchObject({ code: "page.unreachable" })
    const never = () => new Promise<never>(() => {})
    await expect(fetchIt("http://slow.example/", { lookup: never, timeoutMs: 50 })).rejects.toMatchObject({
      code: "page.unreachable",
    })
  })

  it("takes only what is read, and says why not", async () => {
    answer = (_request, response) => response.writeHead(200, { "content-type": "application/octet-stream" }).end("MZ")
    await expect(fetchIt(`${origin}/`)).rejects.toMatchObject({ code: "document.unsupported" })
    answer = (_request, response) => response.writeHead(404, { "content-type": "text/html" }).end(page)
    await expect(fetchIt(`${origin}/`)).rejects.toMatchObject({ code: "page.unreachable", message: /404/ })
    answer = (_request, response) => {
      response.writeHead(200, { "content-type": "text/html", "content-length": 1000 })
      response.write("half", () => response.destroy())
    }
    await expect(fetchIt(`${origin}/`)).rejects.toMatchObject({ code: "page.unreachable" })
  })

  it("stops when the person does", async () => {
    answer = () => {}
    const abort = new AbortController()
    const fetching = fetchPage(
      `${origin}/`,
      { lookup: async () => [], egress: openEgress, trustedOrigins: [origin] },
      abort.signal,
    )
    server.once("request", () => abort.abort(new Error("stopped by the person")))
    await expect(fetching).rejects.toThrow("stopped by the person")
  })
})

describe("pages as documents", () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "zenglow-pages-"))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  const setUp = async () => {
    const store = createMemoryStore({ clock: systemClock })
    const collection = await store.collections.create(ownerActor, { name: "Web" })
    const pages = createPages({
      documents: store.documents,
      uploadsDir: folder,
      fetchPage: (address) => fetchIt(address),
    })
    const add = (url: string) => pages.prepare(ownerActor, { type: "page", collectionId: collection.id, url }, signal)
    const only = async () => (await store.documents.list(ownerActor, { limit: 10 })).items[0]
    return { store, pages, add, only, collection }
  }

  it("are kept as files that tell what they are, with their address", async () => {
    const { add, only } = await setUp()
    answer = (_request, response) =>
      response.setHeader("content-type", "text/html; charset=iso-8859-1").end(Buffer.from("<p>Größe</p>", "latin1"))
    const payload = await add(`${origin}/size#part`)
    const row = await only()
    expect(row).toMatchObject({ path: `${origin}/size`, url: `${origin}/size`, status: "queued" })
    expect(payload).toMatchObject({
      type: "files",
      files: [{ filePath: row?.filePath, relativePath: `${origin}/size` }],
    })
    expect(await readFile(row?.filePath ?? "", "utf8")).toBe("<!doctype html>\n<p>Größe</p>")
  })

  it("are listed with their reason when they cannot be fetched", async () => {
    const { add, only } = await setUp()
    expect(await add("http://127.0.0.1:1/x")).toBeNull()
    expect(await only()).toMatchObject({
      status: "failed",
      error: { code: "page.refused" },
      url: "http://127.0.0.1:1/x",
    })
  })

  it("are fetched again when read again, and keep their text when they are gone", async () => {
    const { store, pages, add, only } = await setUp()
    await add(`${origin}/`)
    const before = await only()
    if (!before) throw new Error("The page is not listed.")
    const chunk = { ordinal: 0, text: "Shut it.", headingPath: [], page: null, start: 0, end: 8, tokenCount: 3 }
    await store.documents.writeContent(ownerActor, before.id, {
      title: "Valve",
      kind: "html",
      text: "Shut it.",
      pages: [],
      pageCount: null,
      chunks: [chunk],
      vectors: null,
      fingerprint: null,
    })
    const again = { type: "document", documentId: before.id } as const
    const kept = await readFile(before.filePath ?? "", "utf8")
    answer = (_request, response) => response.writeHead(410).end()
    await expect(pages.prepare(ownerActor, again, signal)).rejects.toMatchObject({ code: "page.unreachable" })
    expect(await readFile(before.filePath ?? "", "utf8")).toBe(kept)
    expect((await store.documents.text(ownerActor, before.id)).text).toBe("Shut it.")
    answer = (_request, response) => response.setHeader("content-type", "text/html").end(page.replace("Shut", "Open"))
    expect(await pages.prepare(ownerActor, again, signal)).toEqual(again)
    expect(await readFile(before.filePath ?? "", "utf8")).toContain("Open it.")
    expect((await only())?.contentHash).not.toBe(before.contentHash)
  })
})
