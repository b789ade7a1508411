import { afterEach, describe, expect, it } from "vitest"
import type { TurnDeps } from "#chat/runTurn.ts"
import type { TurnEvent } from "#contract/turns.ts"
import { createFakeTextToSpeech } from "#engines/fake/fakeTextToSpeech.ts"
import { speakAnswer } from "#voice/speakAnswer.ts"
import { createTurnBench, type TurnBench, type TurnBenchOptions } from "../fakes/turnBench.ts"
import { createMemorySink } from "../fakes/voiceFakes.ts"

const question = "How long is the warranty of the coffee machine?"
const right = "The warranty of the machine runs for 3 years from the date of purchase."
const invented = "The warranty of the machine runs for 9 years, including all of its parts."

let bench: TurnBench | undefined
afterEach(() => bench?.close())

/** A spoken text turn: what the voice said, what the screen showed while it was written, and what stands in the end. */
async function speakAloud(llm: TurnBenchOptions["llm"], text = question, collectionIds?: string[]) {
  const tts = createFakeTextToSpeech()
  const voice: Pick<TurnDeps, "openVoice" | "speakAnswer"> = {
    openVoice: () => ({
      source: { async *frames() {} },
      sink: createMemorySink(),
      streamId: 1,
      release() {},
      heard() {},
      async close() {},
    }),
    speakAnswer: (events, { channel }, signal) =>
      speakAnswer(events, { tts, sink: channel.sink, streamId: channel.streamId }, signal),
  }
  bench = await createTurnBench({ voice, ...(llm ? { llm } : {}) })
  const asked = await bench.ask(text, { options: { speak: true }, ...(collectionIds ? { collectionIds } : {}) })
  const shown = asked.events.flatMap((event) => (event.type === "text-delta" ? [event.text] : [])).join("")
  return { ...asked, shown, spoken: tts.spoken.join(" ") }
}

const placeOf = (events: readonly TurnEvent[], type: TurnEvent["type"]): number =>
  events.findIndex((event) => event.type === type)

describe("a spoken answer from documents", () => {
  it("is spoken once it was checked, word for word as it stands", async () => {
    const { turn, events, spoken } = await speakAloud({ replies: [{ text: right }] })
    expect(turn).toMatchObject({ text: right, endReason: "complete", heardChars: right.length })
    expect(spoken).toBe(right)
    expect(placeOf(events, "text-end")).toBeLessThan(placeOf(events, "speech-start"))
  })

  it("that the check takes off the screen was never spoken", async () => {
    const { turn, shown, spoken } = await speakAloud({ replies: [{ text: invented }], choose: () => [0.02, 0.98] })
    expect(shown).toContain("9 years")
    expect(turn.text).not.toContain("9 years")
    expect(spoken).not.toMatch(/9|nine|including/)
    // What stands instead is said.
    expect(spoken).not.toBe("")
    expect(turn.captions.map((caption) => caption.text).join(" ")).toBe(turn.text)
  })

  it("that the model takes back itself was never spoken", async () => {
    const { turn, spoken } = await speakAloud({ replies: [{ text: right }], choose: () => [0.01, 0.99] })
    expect(turn.text).toBe("Your documents do not say.")
    expect(spoken).toBe("Your documents do not say.")
  })

  it("without documents is spoken while it is being written", async () => {
    const { turn, events, spoken } = await speakAloud(
      { replies: [{ text: "Hello there, how can I help you today?" }] },
      "Hello",
      [],
    )
    expect(spoken.replace(/\s+/g, " ")).toBe(turn.text)
    const deltas = events.filter((event) => event.type === "text-delta")
    expect(deltas.some((event) => event.type === "text-delta" && event.provisional)).toBe(false)
  })
})
