import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { expect, it } from "vitest"
import { createClient } from "../../main/cli/client.ts"

it("a command whose core ends in the middle of an answer says so, and what to do", async () => {
  const server = createServer((request, response) => {
    response.writeHead(200, { "content-type": request.url === "/events" ? "text/event-stream" : "application/json" })
    response.write(request.url === "/events" ? 'data: {"done":1}\n\n' : '{"items":[')
    setImmediate(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  try {
    const client = createClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, "key")
    const gone = { code: "core.unreachable", remedy: expect.stringContaining("zenglow serve") }
    const follow = async (): Promise<void> => {
      for await (const event of client.stream("/events", new AbortController().signal))
        expect(event).toEqual({ done: 1 })
    }
    await expect(follow()).rejects.toMatchObject(gone)
    await expect(client.api("GET /api/jobs", {})).rejects.toMatchObject(gone)
    await expect(client.bytes("GET /api/documents/:id/sound", { params: { id: "a" } })).rejects.toMatchObject(gone)
  } finally {
    server.close()
  }
})
