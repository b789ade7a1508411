import { describe, expect, it } from "vitest"
import { decodeAudio } from "#audio/decodeAudio.ts"
import { encodeAudio } from "#audio/encodeAudio.ts"
import { tagSound } from "#audio/soundTags.ts"

const signal = new AbortController().signal
const comment = "Made by a computer in the cloned voice of Ada."
const tone = Float32Array.from({ length: 24_000 }, (_, n) => 0.3 * Math.sin(n / 8))

describe("tags of a sound file", () => {
  it.each(["wav", "mp3", "flac", "opus"] as const)(
    "say in %s what it is, and leave the sound as it was",
    async (format) => {
      const plain = (await encodeAudio(tone, 24_000, format)).bytes
      const tagged = tagSound(plain, format, { comment })
      const text = Buffer.from(tagged)
      const wanted = format === "mp3" ? Buffer.from(comment, "utf16le") : Buffer.from(comment)
      expect(Buffer.from(plain).includes(wanted)).toBe(false)
      expect(text.includes(wanted)).toBe(true)
      const [before, after] = await Promise.all(
        [plain, tagged].map((bytes) => decodeAudio(Uint8Array.from(bytes), { sampleRate: 24_000 }, signal)),
      )
      expect(after?.samples).toEqual(before?.samples)
    },
  )

  it("leaves alone what is no file of the format, and bare samples", () => {
    const noise = Uint8Array.from({ length: 60 }, (_, n) => n)
    for (const format of ["flac", "opus", "pcm"] as const) expect(tagSound(noise, format, { comment })).toEqual(noise)
  })
})
