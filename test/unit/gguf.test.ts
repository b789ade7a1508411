import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterAll, beforeAll, expect, it } from "vitest"
import { AppError } from "#core/errors.ts"
import { readGguf } from "#core/gguf.ts"
import { makeGguf } from "../fakes/gguf.ts"

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "zenglow-gguf-"))
})
afterAll(() => rm(directory, { recursive: true }))

const read = async (bytes: Buffer) => {
  const path = join(directory, "model.gguf")
  await writeFile(path, bytes)
  return readGguf(path)
}

it("reads what a file says of itself", async () => {
  const bytes = makeGguf({ architecture: "qwen2", name: "Small", contextTokens: 4096 })
  expect(await read(bytes)).toMatchObject({
    architecture: "qwen2",
    name: "Small",
    contextTokens: 4096,
    parameterCount: 256,
    hasChatTemplate: true,
    licence: "apache-2.0",
    cacheBytesPerToken: 2 * 2 * 16 * 2 * 2,
    requiredBytes: bytes.length,
  })
})

it("refuses a file at every length shorter than whole", async () => {
  const bytes = makeGguf({ elements: 8 })
  for (let length = 0; length < bytes.length; length++) {
    await expect(read(bytes.subarray(0, length)), `${length} bytes`).rejects.toMatchObject({ code: "model.corrupt" })
  }
})

it("refuses foreign files and impossible counts", async () => {
  await expect(read(Buffer.from("PK\x03\x04 not a model at all"))).rejects.toMatchObject({ code: "model.corrupt" })
  const huge = makeGguf()
  huge.writeBigUInt64LE(2n ** 60n, 8)
  await expect(read(huge)).rejects.toMatchObject({ code: "model.corrupt" })
  const future = makeGguf()
  future.writeUInt32LE(99, 4)
  await expect(read(future)).rejects.toMatchObject({ code: "model.corrupt" })
})

it("answers any damage with a result or model.corrupt, never with another failure", async () => {
  const bytes = makeGguf({ elements: 4 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 }),
      async (changes) => {
        const damaged = Buffer.from(bytes)
        for (const [position, value] of changes) damaged[position] = value
        const outcome = await read(damaged).catch((error: unknown) => error)
        if (outcome instanceof Error)
          expect(outcome).toSatisfy((e) => e instanceof AppError && e.code === "model.corrupt")
      },
    ),
    { numRuns: 150 },
  )
})
