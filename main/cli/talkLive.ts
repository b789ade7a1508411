import { emptyTurn, foldTurn } from "#contract/turnState.ts"
import type { TurnEvent } from "#contract/turns.ts"
import type { ConversationState } from "#contract/voiceSessions.ts"
import { inPlainText } from "#core/inOneLine.ts"
import { chooseCollections, withMarks } from "./ask.ts"
import type { Client } from "./client.ts"
import { ensureModels } from "./ensureModels.ts"
import { awaitDocuments } from "./jobs.ts"
import { exitCode } from "./output.ts"

/**
 * `talk` without a file: a conversation on the machine's own microphone and speakers, until Ctrl-C. Nothing of it is kept. One line a turn
 * and speaker on stdout, states on stderr; with `json` one object a line. With `wake` it sleeps until the phrase is said.
 */
export async function talkLive(
  client: Client,
  options: { collection?: string; wake?: boolean; json: boolean },
  signal: AbortSignal,
): Promise<number> {
  await ensureModels(
    client,
    ["vad", "stt", "embedder", "llm", "tts", ...(options.wake ? (["wake"] as const) : [])],
    signal,
  )
  const collectionIds = await chooseCollections(client, options, signal)
  await awaitDocuments(client, signal)
  const { sessionId } = await client.api(
    "POST /api/voice/sessions",
    {
      body: {
        temporary: true,
        ...(options.wake ? { wake: true } : {}),
        ...(collectionIds ? { collectionIds } : {}),
      },
    },
    signal,
  )
  const turns: Promise<void>[] = []
  let lastTurn: string | null = null
  const tell = createTeller(options.json)
  try {
    for await (const state of client.stream(`/api/voice/sessions/${sessionId}/events`, signal)) {
      if (!isState(state)) continue
      tell.state(state)
      if (state.phase === "ended") break
      if (state.turnId === null || state.turnId === lastTurn) continue
      lastTurn = state.turnId
      turns.push(follow(client, state.turnId, tell, signal))
    }
    await Promise.all(turns)
  } catch (error) {
    // Ctrl-C is how a conversation ends.
    if (!signal.aborted) throw error
  } finally {
    await Promise.allSettled(turns)
    await client.api("DELETE /api/voice/sessions/:id", { params: { id: sessionId } }).catch(() => undefined)
  }
  return exitCode.done
}

/** Says what a turn heard and answered, once it is over. */
async function follow(client: Client, turnId: string, tell: Teller, signal: AbortSignal): Promise<void> {
  let turn = emptyTurn(turnId)
  try {
    for await (const event of client.stream(`/api/turns/${turnId}/events`, signal)) {
      if (!isTurnEvent(event)) continue
      turn = foldTurn(turn, event)
      if (event.type === "stt-end") tell.heard(event.text)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  if (turn.text !== "") tell.answered(withMarks(turn.text, turn.spans))
  else if (turn.error) tell.failed(turn.error.message)
}

interface Teller {
  state(state: ConversationState): void
  heard(text: string): void
  answered(text: string): void
  failed(text: string): void
}

const words: Record<ConversationState["phase"], string> = {
  asleep: "Microphone on: listening for the wake phrase alone (Ctrl-C ends it)",
  waiting: "Listening… (Ctrl-C ends the conversation)",
  listening: "I hear you…",
  thinking: "Thinking…",
  speaking: "Speaking… (talk to interrupt)",
  ended: "The conversation is over.",
}

function createTeller(json: boolean): Teller {
  const line = (value: Record<string, string>): void => void process.stdout.write(`${JSON.stringify(value)}\n`)
  const say = (who: string, text: string): void => void process.stdout.write(inPlainText(`${who}: ${text}\n`))
  const note = (text: string): void => void process.stderr.write(`${text}\n`)
  let phase = ""
  let devices = ""
  return {
    state({ phase: next, sound }) {
      if (next !== phase) note(words[next])
      phase = next
      if (!sound) return
      const now = sound.problem
        ? [sound.problem.message, sound.problem.remedy].filter(Boolean).join(" ")
        : `Microphone: ${sound.input?.name ?? "none"}. Speakers: ${sound.output?.name ?? "none"}.`
      if (now !== devices) note(now)
      devices = now
    },
    heard: (text) => (json ? line({ heard: text }) : say("You", text)),
    answered: (text) => (json ? line({ answer: text }) : say("ZenGlow", text)),
    failed: (text) => (json ? line({ error: text }) : note(text)),
  }
}

const isState = (value: unknown): value is ConversationState =>
  typeof value === "object" && value !== null && "phase" in value
const isTurnEvent = (value: unknown): value is TurnEvent =>
  typeof value === "object" && value !== null && "type" in value && "seq" in value
