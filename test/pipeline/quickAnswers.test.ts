import { describe, expect, it } from "vitest"
import { asChosen } from "#app/personaChoices.ts"
import { openSettings } from "#app/settings.ts"
import type { ClonedVoices } from "#app/speechService.ts"
import { createSpokenTurns } from "#app/spokenTurns.ts"
import type { Persona } from "#contract/settings.ts"
import type { Passage, TurnEventBody } from "#contract/turns.ts"
import { ownerActor } from "#core/actor.ts"
import type { AppConfig } from "#core/config.ts"
import { createFakeTextToSpeech } from "#engines/fake/fakeTextToSpeech.ts"
import { builtInPersonas } from "#ops/personas.ts"
import { createMemoryStore } from "#store/memory/createMemoryStore.ts"
import { speakAnswer } from "#voice/speakAnswer.ts"
import type { Speakers } from "#voice/speakers.ts"
import { createTurnBench } from "../fakes/turnBench.ts"
import {
  createLoudnessVad,
  createMemorySink,
  createScriptedSpeechToText,
  createToneSource,
} from "../fakes/voiceFakes.ts"

const question = "How often must the coffee machine be descaled?"
const sentence = "Descale the coffee machine every three months."
const passage: Passage = {
  n: 1,
  chunkId: "c1",
  documentId: "d1",
  collectionId: "k1",
  title: "Corvane X2 – Operating Manual",
  path: "manual.md",
  headingPath: ["Care"],
  page: 4,
  text: sentence,
  start: 0,
  end: sentence.length,
  score: 0.95,
  similarity: 0.7,
}
const found: TurnEventBody[] = [
  { type: "retrieve-start", query: question },
  {
    type: "retrieve-phase",
    phase: "P2",
    provisional: false,
    results: [{ id: "c1", documentId: "d1", title: "", textPreview: "", distance: 0.3, score: 0.95, rank: 1 }],
    delta: [],
    meta: {},
  },
  { type: "retrieve-end", passages: [passage], found: true, closest: [], embedMs: 1, searchMs: 1 },
  { type: "quote", sentence, citation: 1 },
]
const textEnd = (text: string, isFound = true): TurnEventBody => ({
  type: "text-end",
  model: "m",
  text,
  spans: [{ start: 0, end: text.length, citations: [1], supported: true }],
  usage: null,
  contextTokens: 0,
  contextLimit: 0,
  found: isFound,
})

/** Speaks an answer that is composed only once the quotation was said. */
async function speakComposed(text: string, options: { isFound?: boolean; hasQuickAnswers?: boolean } = {}) {
  const { isFound = true, hasQuickAnswers = true } = options
  const tts = createFakeTextToSpeech()
  const events: TurnEventBody[] = []
  let compose = (): void => undefined
  const composed = new Promise<void>((resolve) => {
    compose = resolve
  })
  async function* answer(): AsyncGenerator<TurnEventBody> {
    yield* found
    if (hasQuickAnswers) await composed
    yield { type: "text-delta", text: "It is withdrawn.", provisional: true }
    yield { type: "check-start" }
    yield textEnd(text, isFound)
  }
  const output = { tts, sink: createMemorySink(), streamId: 1 }
  for await (const event of speakAnswer(answer(), output, new AbortController().signal, { hasQuickAnswers })) {
    events.push(event)
    if (event.type === "caption" && event.text === sentence) compose()
  }
  const captions = events.flatMap((event) => (event.type === "caption" ? [event] : []))
  const end = events.find((event) => event.type === "speech-end")
  return { spoken: tts.spoken, captions, events, end }
}

describe("whether a persona answers quickly", () => {
  const values = (personaQuickAnswers: Record<string, boolean>) => ({ personaQuickAnswers })
  const base = builtInPersonas[0] as Persona

  it("is the person's choice, then the persona's own, then the general setting's", () => {
    expect(asChosen(base, values({})).quickAnswers).toBeNull()
    expect(asChosen({ ...base, quickAnswers: false }, values({})).quickAnswers).toBe(false)
    expect(asChosen({ ...base, quickAnswers: false }, values({ default: true })).quickAnswers).toBe(true)
    expect(asChosen(base, values({ teacher: false })).quickAnswers).toBeNull()
  })

  it.each([
    [true, null, true],
    [false, null, false],
    [true, false, false],
    [false, true, true],
  ])("decides a spoken turn: set in general %s, for the persona %s: %s", async (general, own, isQuick) => {
    const settings = await openSettings(createMemoryStore().settings, { origins: {} } as AppConfig)
    const sink = createMemorySink()
    const runs = createSpokenTurns({
      engines: {
        vad: async () => createLoudnessVad(),
        speechToText: async () => createScriptedSpeechToText(question),
        textToSpeech: async () => createFakeTextToSpeech(),
        turnDetector: async () => null,
      },
      settings,
      speakers: { recognize: async () => null } as unknown as Speakers,
      cloned: { has: () => false } as unknown as ClonedVoices,
      tuning: { tell: () => undefined },
    })
    await settings.change(ownerActor, {
      quickAnswers: general,
      ...(own === null ? {} : { personaQuickAnswers: { default: own } }),
    })
    const bench = await createTurnBench({
      composes: null,
      documents: {},
      persona: async () => asChosen(base, settings.values()),
      wrap: () => () =>
        (async function* () {
          yield* found
          yield textEnd("It must be descaled every three months.")
        })(),
      voice: {
        ...runs,
        openVoice: () => ({
          source: createToneSource({ speechMs: 2600 }),
          ...{ sink, streamId: 1, release() {}, heard() {}, async close() {} },
        }),
      },
    })
    const { events } = await bench.ask("", { kind: "voice", source: { type: "socket", streamId: 1 } })
    await bench.close()
    expect(events.some(({ type }) => type === "quick-answer")).toBe(isQuick)
  })
})

describe("a quick answer", () => {
  it("is spoken with its source before anything is composed, and not again by an answer that says the same", async () => {
    const text = "It must be descaled every three months."
    const { spoken, captions, events, end } = await speakComposed(text)
    expect(spoken).toEqual(["Your operating manual says:", sentence])
    expect(captions.every(({ isAside, citations }) => isAside && citations?.[0] === 1)).toBe(true)
    expect(events.find((event) => event.type === "quick-answer")).toMatchObject({ sentence, citation: 1 })
    expect(end).toMatchObject({ heardChars: text.length })
  })

  it("is followed by what the composed answer adds", async () => {
    const text = "Descale it every three months. Use citric acid and rinse the tank twice afterwards."
    const { spoken, captions } = await speakComposed(text)
    expect(spoken.at(-1)).toBe("And: Use citric acid and rinse the tank twice afterwards.")
    expect(captions.at(-1)).toMatchObject({
      text: "Use citric acid and rinse the tank twice afterwards.",
      citations: [1],
    })
    expect(captions.at(-1)).not.toHaveProperty("isAside")
  })

  it("is corrected by an answer that says something else", async () => {
    const { spoken } = await speakComposed("It is descaled every 6 weeks.")
    expect(spoken.slice(2).join(" ")).toBe("More exactly: It is descaled every 6 weeks.")
  })

  it("is doubted when the check finds that the documents do not answer", async () => {
    const { spoken } = await speakComposed("Your documents do not say.", { isFound: false })
    expect(spoken.slice(2)).toEqual(["Whether that answers your question, I cannot say for certain."])
  })

  it("never says what was withdrawn", async () => {
    const { spoken } = await speakComposed("It must be descaled every three months.")
    expect(spoken.join(" ")).not.toContain("withdrawn")
  })

  it("is left out where it is switched off", async () => {
    const text = "It must be descaled every three months."
    const { spoken, events } = await speakComposed(text, { hasQuickAnswers: false })
    expect(spoken.join(" ")).toBe(text)
    expect(events.some((event) => event.type === "quick-answer")).toBe(false)
  })
})
