import type { AudioSink, AudioSource } from "#audio/types.ts"
import type { Conversation, Message } from "#contract/conversations.ts"
import type { Persona } from "#contract/settings.ts"
import { emptyTurn, foldTurn, type TurnState } from "#contract/turnState.ts"
import type { StageTiming, TurnEndReason, TurnEvent, TurnEventBody, TurnRequest } from "#contract/turns.ts"
import type { Actor } from "#core/actor.ts"
import type { Clock } from "#core/clock.ts"
import { AppError, errorInfo, isAbort } from "#core/errors.ts"
import { newId } from "#core/ids.ts"
import type { Logger } from "#core/logger.ts"
import { untilAborted } from "#core/untilAborted.ts"
import type { MemoryOrigin } from "#rag/memory/memories.ts"
import type { Retrieval } from "#rag/retrieve.ts"
import type { NewMessage, Store } from "#store/types.ts"
import { foldTimings } from "./turnTimings.ts"

/** What `answer()` works from. */
export interface AnswerInput {
  actor: Actor
  question: string
  /** Earlier messages of the branch, oldest first, without the question. */
  history: Message[]
  /** Null: all collections. Empty: answer without documents. */
  collectionIds: string[] | null
  /** Of them only these documents, when the question names some. */
  documentIds?: string[]
  /** Search the documents whatever the wording: the caller asked for an answer from them. */
  alwaysSearches?: boolean
  persona: Persona
  /** Prompts with the same key reuse each other's evaluated prefix. */
  cacheKey: string
  model: string | null
  temperature?: number
  maxTokens?: number
  /** Names the list of passages it shows, so that what is done with them can be told. Absent: nothing of the question is kept. */
  queryId?: string
  /** Passages found already: they are not searched again. */
  retrieval?: Retrieval
  /** The same question was answered before, and the person wants another answer. */
  isRegeneration?: boolean
  /** Nobody whose voice is known asks: what would be kept needs the word of whose conversation it is. */
  isStranger?: boolean
  /**
   * Where "Remember that …" is kept as said. Null: this chat keeps nothing, and says so. Absent: memory has no part in this answer, and
   * such words are a question like any other.
   */
  remember?: MemoryOrigin | null
}

/** The client's side of a spoken turn: where its frames come from and where its speech goes. */
export interface VoiceChannel {
  source: AudioSource
  sink: AudioSink
  /** Stream that carries the speech to the client. Null: it is played here. */
  streamId: number | null
  /** Key up: no more frames come. */
  release(): void
  /** The client has played this much. */
  heard(playedMs: number): void
  close(): Promise<void>
}

/** Keeps the sound of spoken questions for people who asked for it. */
export interface SoundKeeper {
  /** Null: this person's is not kept. `keep` never throws. */
  listenIn(
    actor: Actor,
    source: AudioSource,
  ): { source: AudioSource; keep(asker: Actor, messageId: string): Promise<void> } | null
}

export interface TurnDeps {
  store: Pick<Store, "conversations" | "messages">
  clock: Clock
  log: Logger
  /** The shared answer generator: text turns and voice turns alike. */
  answer(input: AnswerInput, signal: AbortSignal): AsyncIterable<TurnEventBody>
  /** Opens the client's audio for a turn that listens or speaks. */
  openVoice(actor: Actor, turnId: string, request: TurnRequest): VoiceChannel
  /** Frames → text → answer → speech. `ask` is called once, with what was heard. */
  runVoice(
    channel: VoiceChannel,
    options: {
      actor: Actor
      voice: string | undefined
      isHandsFree: boolean
      /** Null: as the settings say. */
      quickAnswers: boolean | null
      ask: (question: string, signal: AbortSignal) => AsyncIterable<TurnEventBody>
    },
    signal: AbortSignal,
  ): AsyncIterable<TurnEventBody>
  /** Speaks the answer of a text turn: passes the events through and adds its own. */
  speakAnswer(
    events: AsyncIterable<TurnEventBody>,
    options: { actor: Actor; voice: string | undefined; quickAnswers: boolean | null; channel: VoiceChannel },
    signal: AbortSignal,
  ): AsyncIterable<TurnEventBody>
  /** Null: as the person has it, else as the settings have it. */
  persona(id: string | null, actor?: Actor): Promise<Persona>
  /** Whom a spoken question is answered as, once it is known whose voice it was. Null: as whoever opened the turn. Default: always that. */
  followVoice?(
    turn: PreparedTurn,
    turnId: string,
    identified: { id: string; name: string } | null,
  ): Promise<Follow | null>
  /** Default: no sound is kept. */
  soundKeeper?: SoundKeeper
  /** A short title for a conversation, from its first question and answer. Null: keep the present one. */
  title(question: string, answer: string, signal: AbortSignal): Promise<string | null>
  /** A conversation changed: lists should be read again. */
  onConversationChanged(id: string, actor: Actor): void
}

/** A turn goes on for somebody else than who opened it. */
export interface Follow {
  /** On whose behalf documents and memories are asked. */
  asker: Actor
  /** Where the turn is kept, and by whom; nobody known leaves it with who opened it. */
  actor: Actor
  conversation: Conversation | null
  parentId: string | null
  history: Message[]
  persona: Persona
  collectionIds: string[] | null
  /** Who that is. Null: nobody who is known. */
  person: { id: string; name: string } | null
}

/** A turn whose input is checked and, for text, whose question is stored. */
export interface PreparedTurn {
  actor: Actor
  /** Somebody else whose voice it was. */
  follow?: Follow
  request: TurnRequest
  /** Null for temporary chats: nothing is stored. */
  conversation: Conversation | null
  /** The temporary chat this turn goes on with, or begins. */
  temporaryId?: string
  history: Message[]
  question: string | null
  userMessageId: string | null
  /** The message this turn's question or, when regenerating, answer hangs below. */
  parentId: string | null
  persona: Persona
  voice: VoiceChannel | null
}

/** Checks the request and stores the question. Throws `request.invalid`, `conversation.not-found`, `message.not-found`. */
export async function prepareTurn(
  turnId: string,
  actor: Actor,
  request: TurnRequest,
  deps: TurnDeps,
): Promise<PreparedTurn> {
  const { options = {} } = request
  const text = request.text?.trim() ?? ""
  if (request.kind === "text" && text === "" && !options.regenerateMessageId) {
    throw new AppError("request.invalid", "A text turn needs a text.", {
      remedy: "Send `text` with at least one character.",
    })
  }
  if (request.kind === "voice" && !request.source) {
    throw new AppError("request.invalid", "A voice turn needs a source.", {
      remedy: "Send `source` with the stream id of your audio frames on /ws.",
    })
  }
  const voice = request.source || options.speak ? deps.openVoice(actor, turnId, request) : null
  if (options.temporary) {
    const persona = await deps.persona(request.personaId ?? null, actor)
    return {
      actor,
      request,
      conversation: null,
      history: [],
      question: text || null,
      userMessageId: null,
      parentId: null,
      persona,
      voice,
    }
  }

  const conversation = await openConversation(actor, request, deps)
  const persona = await deps.persona(request.personaId ?? conversation.personaId, actor)
  if (options.regenerateMessageId) return await prepareRegeneration(actor, request, conversation, persona, voice, deps)

  const parentId = options.parentMessageId === undefined ? conversation.activeMessageId : options.parentMessageId
  const history = parentId ? await deps.store.messages.path(actor, parentId) : []
  const base = { actor, request, conversation, history, parentId, persona, voice }
  if (request.kind === "voice") return { ...base, question: null, userMessageId: null }
  const stored = await deps.store.messages.append(actor, {
    conversationId: conversation.id,
    parentId,
    role: "user",
    text,
    kind: "text",
  })
  deps.onConversationChanged(conversation.id, actor)
  return { ...base, question: text, userMessageId: stored.id, parentId: stored.id }
}

/** Runs one turn from `turn-start` to `turn-end`. Every failure and abort inside becomes an event; nothing is thrown. */
export async function* runTurn(
  turnId: string,
  turn: PreparedTurn,
  deps: TurnDeps,
  signal: AbortSignal,
): AsyncGenerator<TurnEvent> {
  const started = deps.clock.monotonic()
  const epoch = deps.clock.now()
  const answerId = newId()
  let state: TurnState = emptyTurn(turnId)
  const events: TurnEvent[] = []
  const stamp = (body: TurnEventBody): TurnEvent => {
    const event = { ...body, turnId, seq: state.lastSeq + 1, at: epoch + (deps.clock.monotonic() - started) }
    state = foldTurn(state, event)
    // Levels are many and say nothing about timing.
    if (event.type !== "level" && event.type !== "text-delta") events.push(event)
    else if (event.type === "text-delta" && !events.some((past) => past.type === "text-delta")) events.push(event)
    return event
  }

  const conversationId = turn.conversation?.id ?? turn.temporaryId ?? turnId
  yield stamp({
    type: "turn-start",
    conversationId,
    userMessageId: turn.userMessageId,
    messageId: answerId,
    kind: turn.request.kind,
    text: turn.question,
    model: turn.request.model ?? turn.conversation?.model ?? null,
  })

  const isSpoken = turn.request.kind === "voice" && turn.conversation !== null
  const heard = isSpoken && turn.voice ? (deps.soundKeeper?.listenIn(turn.actor, turn.voice.source) ?? null) : null
  if (heard && turn.voice) turn.voice = { ...turn.voice, source: heard.source }

  let reason: TurnEndReason = "complete"
  let isCut = false
  let parentId = turn.parentId
  try {
    for await (const body of endingSoon(turnBody(answerId, turn, deps, signal), signal)) {
      if (body.type === "speaker") {
        const follow = (await deps.followVoice?.(turn, turnId, body.identified)) ?? null
        if (follow) {
          handOver(turn, follow)
          parentId = follow.parentId
          yield stamp({ ...body, actsAs: follow.person })
          continue
        }
      }
      if (body.type === "stt-end" && body.text !== "" && turn.conversation) {
        const stored = await deps.store.messages.append(turn.actor, {
          conversationId: turn.conversation.id,
          parentId,
          role: "user",
          text: body.text,
          kind: "voice",
          ...(state.speaker === undefined ? {} : { speaker: state.speaker }),
        })
        parentId = stored.id
        // A stranger asked for nothing to be kept.
        if (!isStranger(turn)) await heard?.keep(turn.actor, stored.id)
        deps.onConversationChanged(turn.conversation.id, turn.actor)
      }
      if (body.type === "text-end") isCut = body.isCut === true
      yield stamp(body)
    }
    if (turn.request.kind === "voice" && state.question === "") reason = "no-speech"
    else if (state.found === false && state.text !== "" && state.spans.length === 0) reason = "not-found"
    else if (isCut) reason = "length"
  } catch (error) {
    if (isAbort(error, signal)) reason = "aborted"
    else {
      reason = "error"
      deps.log.warn("turn failed", { turnId, error })
      yield stamp({ type: "error", error: errorInfo(error) })
    }
  }
  if (signal.aborted) reason = "aborted"
  await turn.voice?.close()

  const timings = foldTimings(events, turn.request.kind)
  try {
    await storeAnswer(answerId, parentId, turn, state, reason, timings, deps)
    const title = await automaticTitle(turn, state, reason, deps, signal)
    if (title !== null) yield stamp({ type: "title", title })
  } catch (error) {
    reason = "error"
    deps.log.error("answer could not be stored", { turnId, error })
    yield stamp({ type: "error", error: errorInfo(error) })
  }
  yield stamp({ type: "turn-end", reason, timings })
}

/** From here on the turn is theirs: nothing of who opened it takes part in the answer, and nothing of the answer stays with them. */
function handOver(turn: PreparedTurn, follow: Follow): void {
  const { actor, conversation, history, parentId, persona } = follow
  Object.assign(turn, { follow, actor, conversation, history, parentId, persona, temporaryId: undefined })
}

/** What a stage may still say after an abort: how much of the answer was heard. Whatever has not ended then is left behind. */
const graceMs = 60

/** Passes events on; after an abort the stage gets a short grace, however deaf it is. */
async function* endingSoon<T>(events: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = events[Symbol.asyncIterator]()
  const left = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const onAbort = (): void => {
    timer = setTimeout(() => left.abort(signal.reason), graceMs)
  }
  if (signal.aborted) onAbort()
  else signal.addEventListener("abort", onAbort, { once: true })
  try {
    for (;;) {
      const next = await untilAborted(iterator.next(), left.signal)
      if (next.done) return
      yield next.value
    }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener("abort", onAbort)
    // Not awaited: a stage that does not listen must not hold up the turn.
    if (left.signal.aborted) void iterator.return?.().catch(() => undefined)
    else await iterator.return?.()
  }
}

async function* turnBody(
  answerId: string,
  turn: PreparedTurn,
  deps: TurnDeps,
  signal: AbortSignal,
): AsyncGenerator<TurnEventBody> {
  const { request } = turn
  const ask = (question: string, innerSignal: AbortSignal): AsyncIterable<TurnEventBody> =>
    deps.answer(
      {
        actor: turn.follow?.asker ?? turn.actor,
        question,
        history: turn.history,
        collectionIds: turn.follow
          ? turn.follow.collectionIds
          : (request.collectionIds ?? turn.conversation?.collectionIds ?? null),
        ...(isStranger(turn) ? { isStranger: true, alwaysSearches: turn.follow?.collectionIds !== null } : {}),
        ...(request.documentIds ? { documentIds: request.documentIds, alwaysSearches: true } : {}),
        persona: turn.persona,
        cacheKey: turn.conversation?.id ?? turn.temporaryId ?? "temporary",
        model: request.model ?? turn.conversation?.model ?? null,
        temperature: request.options?.temperature ?? turn.persona.temperature ?? undefined,
        maxTokens: request.options?.maxTokens,
        isRegeneration: request.options?.regenerateMessageId !== undefined,
        ...(turn.conversation && !isStranger(turn) ? { queryId: answerId } : {}),
        remember: turn.conversation && {
          kind: request.kind === "voice" ? "voice" : "chat",
          conversationId: turn.conversation.id,
          messageId: turn.userMessageId,
        },
      },
      innerSignal,
    )
  const voice = request.options?.voice ?? turn.persona.voice ?? undefined
  const quickAnswers = turn.persona.quickAnswers ?? null
  if (request.kind === "voice") {
    if (turn.voice)
      yield* deps.runVoice(
        turn.voice,
        { actor: turn.actor, voice, isHandsFree: request.options?.handsFree ?? false, quickAnswers, ask },
        signal,
      )
    return
  }
  const answered = ask(turn.question ?? "", signal)
  if (request.options?.speak && turn.voice)
    yield* deps.speakAnswer(answered, { actor: turn.actor, voice, quickAnswers, channel: turn.voice }, signal)
  else yield* answered
}

const isStranger = ({ follow }: PreparedTurn): boolean => follow?.person === null

async function openConversation(actor: Actor, request: TurnRequest, deps: TurnDeps): Promise<Conversation> {
  if (request.conversationId) return await deps.store.conversations.get(actor, request.conversationId)
  return await deps.store.conversations.create(actor, {
    personaId: request.personaId ?? null,
    collectionIds: request.collectionIds ?? null,
    model: request.model ?? null,
  })
}

async function prepareRegeneration(
  actor: Actor,
  request: TurnRequest,
  conversation: Conversation,
  persona: Persona,
  voice: VoiceChannel | null,
  deps: TurnDeps,
): Promise<PreparedTurn> {
  const path = await deps.store.messages.path(actor, request.options?.regenerateMessageId ?? "")
  const index = path.findLastIndex((message) => message.role === "user")
  const question = path[index]
  if (!question || question.conversationId !== conversation.id) {
    throw new AppError("message.not-found", "There is no question above this answer.", {
      remedy: "Choose an answer of this conversation.",
    })
  }
  return {
    actor,
    request,
    conversation,
    history: path.slice(0, index),
    question: question.text,
    userMessageId: question.id,
    parentId: question.id,
    persona,
    voice,
  }
}

async function storeAnswer(
  id: string,
  parentId: string | null,
  turn: PreparedTurn,
  state: TurnState,
  reason: TurnEndReason,
  timings: StageTiming[],
  deps: TurnDeps,
): Promise<void> {
  if (!turn.conversation || reason === "no-speech") return
  const quoted = reason === "aborted" ? heardQuote(state) : null
  // Aborted before the first word: there is nothing to keep but the question.
  if (reason === "aborted" && state.text === "" && !quoted) return
  const heard = reason === "aborted" && !quoted ? state.heardChars : null
  const answer: NewMessage & { id: string } = {
    id,
    conversationId: turn.conversation.id,
    parentId,
    role: "assistant",
    text: quoted?.text ?? (heard === null ? state.text : state.text.slice(0, heard)),
    reasoning: state.reasoning,
    endReason: reason,
    error: state.error,
    model: state.model,
    passages: state.passages,
    spans: quoted?.spans ?? (heard === null ? state.spans : state.spans.filter((span) => span.end <= heard)),
    timings,
    usage: state.usage,
    heardChars: state.heardChars,
    kind: turn.request.kind,
    ...(state.sent ? { sent: state.sent } : {}),
  }
  await deps.store.messages.append(turn.actor, answer)
  deps.onConversationChanged(turn.conversation.id, turn.actor)
}

/** The quoted sentence, where an aborted turn came no further than that. */
function heardQuote({ quick, heardChars }: TurnState): Pick<NewMessage, "text" | "spans"> | null {
  if (!quick || heardChars !== 0) return null
  const text = `“${quick.sentence}” [${quick.citation}]`
  return { text, spans: [{ start: 0, end: text.length, citations: [quick.citation], supported: true }] }
}

async function automaticTitle(
  turn: PreparedTurn,
  state: TurnState,
  reason: TurnEndReason,
  deps: TurnDeps,
  signal: AbortSignal,
): Promise<string | null> {
  const { conversation } = turn
  if (!conversation?.titleIsAutomatic || turn.history.length > 0 || state.question === "" || signal.aborted) return null
  if (reason === "error" || reason === "no-speech") return null
  const title = await deps.title(state.question, state.text, signal)
  if (title === null) return null
  await deps.store.conversations.update(turn.actor, conversation.id, { title })
  deps.onConversationChanged(conversation.id, turn.actor)
  return title
}
