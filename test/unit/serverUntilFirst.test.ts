import { afterEach, describe, expect, it, vi } from "vitest"
import { AppError } from "#core/errors.ts"
import { untilFirst } from "#server/openai/openAiReply.ts"

afterEach(() => vi.useRealTimers())

const collect = async (source: AsyncIterable<number>): Promise<number[]> => {
  const values = []
  for await (const value of source) values.push(value)
  return values
}

describe("waiting for the first value of a stream", () => {
  it("throws what fails at once, so that it still gets its status", async () => {
    const source = async function* (): AsyncGenerator<number> {
      yield* []
      throw new AppError("engine.busy", "The queue is full.")
    }
    await expect(untilFirst(source())).rejects.toMatchObject({ code: "engine.busy" })
  })

  it("loses nothing, and lets a slow source begin its stream after three seconds", async () => {
    vi.useFakeTimers()
    let release = (): void => {}
    const source = async function* (): AsyncGenerator<number> {
      await new Promise<void>((resolve) => {
        release = resolve
      })
      yield 1
      yield 2
    }
    const opening = untilFirst(source())
    await vi.advanceTimersByTimeAsync(3000)
    const values = collect(await opening)
    release()
    expect(await values).toEqual([1, 2])
  })

  it("ends the source when its reader leaves", async () => {
    let isEnded = false
    const source = async function* (): AsyncGenerator<number> {
      try {
        yield 1
        yield 2
      } finally {
        isEnded = true
      }
    }
    for await (const _ of await untilFirst(source())) break
    expect(isEnded).toBe(true)
  })
})
