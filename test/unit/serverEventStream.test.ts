import { IncomingMessage, ServerResponse } from "node:http"
import { Socket } from "node:net"
import { afterEach, describe, expect, it, vi } from "vitest"
import { AppError } from "#core/errors.ts"
import { writeEventStream } from "#server/eventStream.ts"
import type { StreamItem } from "#server/handlers.ts"

afterEach(() => vi.useRealTimers())

/** An answer whose client reads only when the test says so. */
function openResponse(): { response: ServerResponse; written: string[] } {
  const response = new ServerResponse(new IncomingMessage(new Socket()))
  const written: string[] = []
  const write = response.write.bind(response)
  response.write = (chunk: unknown) => {
    written.push(String(chunk))
    return write(chunk as string)
  }
  response.flushHeaders = () => {}
  return { response, written }
}

const options = (signal: AbortSignal) => ({ requestId: "r-1", signal, onError: () => {} })
const turns = async (): Promise<void> => {
  for (let count = 0; count < 5; count++) await new Promise((resolve) => setImmediate(resolve))
}

describe("an event stream", () => {
  it("takes no further event while its client does not read", async () => {
    const { response } = openResponse()
    let taken = 0
    const source = async function* (): AsyncGenerator<StreamItem<string>> {
      for (; taken < 3; taken++) yield { id: taken, event: "text", data: "x".repeat(100_000) }
    }
    const done = writeEventStream(response, source(), options(new AbortController().signal))
    await turns()
    expect(taken).toBe(0)
    response.emit("drain")
    await turns()
    expect(taken).toBe(1)
    response.emit("drain")
    await turns()
    response.emit("drain")
    await done
    expect(taken).toBe(3)
  })

  it("drops a client that reads nothing for half a minute, and ends the source", async () => {
    vi.useFakeTimers()
    const { response } = openResponse()
    let isEnded = false
    const abort = new AbortController()
    response.on("close", () => abort.abort())
    const source = async function* (): AsyncGenerator<StreamItem<string>> {
      try {
        for (;;) yield { event: "text", data: "x".repeat(100_000) }
      } finally {
        isEnded = true
      }
    }
    const done = writeEventStream(response, source(), options(abort.signal))
    await vi.advanceTimersByTimeAsync(29_000)
    expect(response.destroyed).toBe(false)
    await vi.advanceTimersByTimeAsync(2_000)
    await done
    expect(response.destroyed).toBe(true)
    expect(isEnded).toBe(true)
  })

  it("sends a comment every 15 seconds while nothing happens", async () => {
    vi.useFakeTimers()
    const { response, written } = openResponse()
    let finish = (): void => {}
    const source = async function* (): AsyncGenerator<StreamItem<string>> {
      await new Promise<void>((resolve) => {
        finish = resolve
      })
      yield { event: "text", data: "late" }
    }
    const done = writeEventStream(response, source(), options(new AbortController().signal))
    await vi.advanceTimersByTimeAsync(31_000)
    expect(written).toEqual([": heartbeat\n\n", ": heartbeat\n\n"])
    finish()
    await done
    expect(written.at(-1)).toBe('event: text\ndata: "late"\n\n')
  })

  it("says what failed, with the remedy and the request, and still closes", async () => {
    const { response, written } = openResponse()
    const source = async function* (): AsyncGenerator<StreamItem<string>> {
      yield { event: "text", data: "half" }
      throw new AppError("engine.crashed", "The model process ended.", { remedy: "Ask again." })
    }
    const end = vi.spyOn(response, "end")
    await writeEventStream(response, source(), options(new AbortController().signal))
    expect(written.at(-1)).toBe(
      'event: error\ndata: {"code":"engine.crashed","message":"The model process ended.","remedy":"Ask again.","requestId":"r-1"}\n\n',
    )
    expect(end).toHaveBeenCalledWith("event: done\ndata: {}\n\n")
  })
})
