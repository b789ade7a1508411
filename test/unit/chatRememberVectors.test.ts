import { expect, it } from "vitest"
import { rememberVectors } from "#chat/rememberVectors.ts"
import { createFakeEmbedder } from "#engines/fake/fakeEmbedder.ts"

const signal = new AbortController().signal

it("embeds a text once for each kind, and gives what the embedder gives, in the order that is asked for", async () => {
  const embedder = createFakeEmbedder()
  const asked: string[] = []
  const remembering = rememberVectors({
    ...embedder,
    embed(texts, kind, by) {
      asked.push(...texts.map((text) => `${kind} ${text}`))
      return embedder.embed(texts, kind, by)
    },
  })
  await remembering.embed(["one", "two", "one"], "passage", signal)
  const again = await remembering.embed(["two", "three", "one"], "passage", signal)
  await remembering.embed(["one"], "query", signal)
  expect(asked).toEqual(["passage one", "passage two", "passage three", "query one"])
  expect(again).toEqual(await embedder.embed(["two", "three", "one"], "passage", signal))
  expect(await remembering.embed([], "passage", signal)).toEqual([])
})

it("asks again for what failed", async () => {
  const embedder = createFakeEmbedder()
  let calls = 0
  const remembering = rememberVectors({
    ...embedder,
    embed: (texts, kind, by) => (++calls === 1 ? Promise.reject(new Error("lost")) : embedder.embed(texts, kind, by)),
  })
  await expect(remembering.embed(["one"], "passage", signal)).rejects.toThrow("lost")
  expect(await remembering.embed(["one"], "passage", signal)).toEqual(await embedder.embed(["one"], "passage", signal))
})
