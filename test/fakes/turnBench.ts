import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type AnswerDeps, answer } from "#chat/answer.ts"
import type { TurnDeps } from "#chat/runTurn.ts"
import { titleOf } from "#chat/title.ts"
import { createTurns, type Turns } from "#chat/turns.ts"
import { emptyTurn, foldTurn, type TurnState } from "#contract/turnState.ts"
import type { TurnEvent, TurnRequest } from "#contract/turns.ts"
import { ownerActor } from "#core/actor.ts"
import { systemClock } from "#core/clock.ts"
import { silentLogger } from "#core/logger.ts"
import { createFakeLlm, type FakeLlm, type FakeLlmScript } from "#engines/fake/fakeLlm.ts"
import type { Embedder } from "#engines/types.ts"
import type { Store } from "#store/types.ts"
import { createRagBench } from "./ragBench.ts"

export const manual = `# Brewster 3 Coffee Machine

## Care

Descale the machine every two months. Use 30 ml of the liquid descaler per litre of water.

## Warranty

The warranty of the machine runs for 3 years from the date of purchase.

## Milk

The milk jug may be washed in the dishwasher. The lid may not be washed in the dishwasher.
`

export interface TurnBench {
  turns: Turns
  store: Store
  llm: FakeLlm
  collectionId: string
  /** Starts a turn and follows it to its end. */
  ask(
    text: string,
    request?: Partial<TurnRequest>,
    onEvent?: (event: TurnEvent, turnId: string) => void,
  ): Promise<Asked>
  close(): Promise<void>
}

export interface Asked {
  events: TurnEvent[]
  turn: TurnState
}

export interface TurnBenchOptions {
  llm?: FakeLlmScript
  /** Null: no model at all. False: a model that only chats. */
  composes?: boolean | null
  documents?: Record<string, string>
  embedder?: Embedder
  store?: Store
  answer?: Partial<AnswerDeps>
  /** Another way to an answer around the usual one. */
  wrap?: (deps: AnswerDeps) => TurnDeps["answer"]
  /** How answers are spoken; absent: there is no audio. */
  voice?: Pick<TurnDeps, "openVoice" | "speakAnswer"> & Partial<Pick<TurnDeps, "runVoice">>
  followVoice?: TurnDeps["followVoice"]
  soundKeeper?: TurnDeps["soundKeeper"]
  persona?: TurnDeps["persona"]
}

/** Turns over the memory store, real retrieval and a scripted model. */
export async function createTurnBench(options: TurnBenchOptions = {}): Promise<TurnBench> {
  const folder = await mkdtemp(join(tmpdir(), "zenglow-turns-"))
  for (const [name, text] of Object.entries(options.documents ?? { "manual.md": manual }))
    await writeFile(join(folder, name), text)
  const rag = createRagBench({
    ...(options.store ? { store: options.store } : {}),
    ...(options.embedder ? { embedder: options.embedder } : {}),
  })
  const collectionId = await rag.addPath(folder)
  const llm = createFakeLlm({ choose: () => [0.9, 0.1], ...options.llm })
  const { composes = true } = options
  const deps: AnswerDeps = {
    retrieval: rag.retrieveDeps,
    llm: async () => (composes === null ? null : { llm, composes }),
    settings: async () => ({ topK: 6, answerTokens: 64, temperature: 0.7 }),
    hasDocuments: async () => true,
    passageTokens: () => 280,
    log: silentLogger,
    ...options.answer,
  }
  const turns = createTurns({
    store: rag.store,
    clock: systemClock,
    log: silentLogger,
    answer: options.wrap?.(deps) ?? ((input, signal) => answer(input, deps, signal)),
    openVoice:
      options.voice?.openVoice ??
      (() => {
        throw new Error("This bench has no audio.")
      }),
    runVoice:
      options.voice?.runVoice ??
      (() => {
        throw new Error("This bench has no audio.")
      }),
    speakAnswer: options.voice?.speakAnswer ?? ((events) => events),
    ...(options.followVoice ? { followVoice: options.followVoice } : {}),
    ...(options.soundKeeper ? { soundKeeper: options.soundKeeper } : {}),
    persona:
      options.persona ??
      (async () => ({
        id: "default",
        name: "Test",
        description: "",
        systemPrompt: "Be brief.",
        voice: null,
        temperature: null,
      })),
    title: async (question) => titleOf(question),
    onConversationChanged: () => {},
  })
  return {
    turns,
    store: rag.store,
    llm,
    collectionId,
    async ask(text, request = {}, onEvent) {
      const { turnId } = await turns.start(ownerActor, { kind: "text", text, ...request })
      const events: TurnEvent[] = []
      let turn = emptyTurn(turnId)
      await new Promise<void>((resolve) => {
        turns.watch(ownerActor, turnId, -1, (event) => {
          events.push(event)
          turn = foldTurn(turn, event)
          onEvent?.(event, turnId)
          if (event.type === "turn-end") resolve()
        })
      })
      return { events, turn }
    },
    async close() {
      await turns.close()
      await rag.store.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
