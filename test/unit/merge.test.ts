import { describe, expect, it } from "vitest"
import { merge } from "#core/merge.ts"
import { createPushQueue } from "#core/queue.ts"
import { untilAborted } from "#core/untilAborted.ts"

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const values: T[] = []
  for await (const value of stream) values.push(value)
  return values
}
async function* from<T>(...values: T[]): AsyncGenerator<T> {
  yield* values
}

describe("merged streams", () => {
  it("give every value, each stream in its own order", async () => {
    const values = await collect(merge([from(1, 2, 3), from(10, 20), from<number>()]))
    expect(values.filter((value) => value < 10)).toEqual([1, 2, 3])
    expect(values.filter((value) => value >= 10)).toEqual([10, 20])
  })

  it("do not wait for a stream that has nothing yet", async () => {
    const slow = createPushQueue<string>()
    const merged = merge([slow, from("a", "b")])
    expect((await merged.next()).value).toBe("a")
    expect((await merged.next()).value).toBe("b")
    slow.push("late")
    slow.end()
    expect(await collect(merged)).toEqual(["late"])
  })

  it("throw the first failure and end the others", async () => {
    let isClosed = false
    async function* endless() {
      try {
        for (;;) yield 1
      } finally {
        isClosed = true
      }
    }
    async function* failing(): AsyncGenerator<number> {
      yield 2
      throw new Error("broken")
    }
    await expect(collect(merge([endless(), failing()]))).rejects.toThrow("broken")
    expect(isClosed).toBe(true)
  })

  it("end all streams when the consumer leaves", async () => {
    let open = 2
    async function* endless() {
      try {
        for (;;) yield 1
      } finally {
        open--
      }
    }
    for await (const _ of merge([endless(), endless()])) break
    await Promise.resolve()
    expect(open).toBe(0)
  })
})

describe("waiting with a signal", () => {
  it("gives the outcome, or the reason as soon as the signal aborts", async () => {
    const abort = new AbortController()
    expect(await untilAborted(Promise.resolve(5), abort.signal)).toBe(5)
    await expect(untilAborted(Promise.reject(new Error("own")), abort.signal)).rejects.toThrow("own")
    const waiting = untilAborted(new Promise(() => undefined), abort.signal)
    abort.abort(new Error("stop"))
    await expect(waiting).rejects.toThrow("stop")
    await expect(untilAborted(Promise.resolve(5), abort.signal)).rejects.toThrow("stop")
  })
})
