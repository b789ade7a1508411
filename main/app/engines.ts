import { availableParallelism } from "node:os"
import { resample } from "#audio/resample.ts"
import type { Model, ModelRole } from "#contract/models.ts"
import type { Pronunciation } from "#contract/settings.ts"
import type { Clock } from "#core/clock.ts"
import type { AppConfig } from "#core/config.ts"
import { AppError } from "#core/errors.ts"
import { createHostClient } from "#core/host/client.ts"
import { createForkAdapter } from "#core/host/forkAdapter.ts"
import type { OrphanList } from "#core/host/orphans.ts"
import type { EngineClient, HostCall, HostContract, HostStatus } from "#core/host/types.ts"
import type { Logger } from "#core/logger.ts"
import type { LlamaContract } from "#engines/llama/contract.ts"
import { createLlamaLlm } from "#engines/llama/llamaLlm.ts"
import type { OnnxContract } from "#engines/onnx/contract.ts"
import { createOnnxEmbedder } from "#engines/onnx/embedder.ts"
import { createHashEmbedder } from "#engines/onnx/hashEmbedder.ts"
import { createOnnxReranker } from "#engines/onnx/reranker.ts"
import { createXtts } from "#engines/onnx/xtts/createXtts.ts"
import { createCampplus } from "#engines/speech/campplus.ts"
import type { SpeechContract } from "#engines/speech/contract.ts"
import { createHibari } from "#engines/speech/hibari/createHibari.ts"
import { createKokoro } from "#engines/speech/kokoro/createKokoro.ts"
import { createMoonshine } from "#engines/speech/moonshine.ts"
import { createSileroVad } from "#engines/speech/sileroVad.ts"
import { createSmartTurn } from "#engines/speech/smartTurn.ts"
import { createWakeWord } from "#engines/speech/wakeWord.ts"
import { createWhisper } from "#engines/speech/whisper.ts"
import type {
  Embedder,
  Engine,
  Llm,
  Reranker,
  SpeakerEncoder,
  SpeechToText,
  TextToSpeech,
  TurnDetector,
  Vad,
  VoiceCloner,
  WakeWord,
} from "#engines/types.ts"
import type { MemoryBudget } from "#models/budget.ts"
import type { ResolvedModel } from "#models/resolve.ts"
import { entryUrl } from "./entries.ts"
import { joinVoices } from "./joinVoices.ts"

export interface EngineRackDeps {
  config: AppConfig
  clock: Clock
  log: Logger
  orphans: OrphanList
  budget: MemoryBudget
  resolve(id: string, signal: AbortSignal): Promise<ResolvedModel>
  /** The installed model to use for a role; null when there is none. */
  choose(role: ModelRole): Promise<string | null>
  /** Installed models of a role, the one to use first. */
  installedOf(role: ModelRole): Promise<string[]>
  /** How the person wants words read aloud. */
  pronunciations(): readonly Pronunciation[]
  unloadAfterMinutes(): number
  /** Hears of every request that a turn made of an engine. */
  onCall(call: HostCall): void
  /** A model was loaded, unloaded or measured. */
  onChange(modelId: string): void
}

/** Every engine of the product: made when first asked for, loaded within the memory budget, freed when idle. */
export interface EngineRack {
  /** The chosen or the best installed model. Null: none is installed. Throws `model.not-found` for an id that is not a chat model. */
  llm(modelId: string | null): Promise<Llm | null>
  /** What texts are embedded with now: the installed model, else hashes. */
  embedder(): Embedder
  /** Makes the installed model of this vector space available to `embedderOf`, also when another one is chosen now. */
  adopt(fingerprint: string): Promise<void>
  /** An embedder of this vector space that is at hand. */
  embedderOf(fingerprint: string): Embedder | null
  reranker(): Promise<Reranker | null>
  /** The named, the chosen or the best installed model. Throws `model.not-found` for an id that is not a speech-to-text model. */
  speechToText(modelId?: string | null): Promise<SpeechToText | null>
  /** All installed voices; the chosen model's first. */
  textToSpeech(): Promise<TextToSpeech | null>
  vad(): Promise<Vad | null>
  speakerEncoder(): Promise<SpeakerEncoder | null>
  turnDetector(): Promise<TurnDetector | null>
  cloner(): Promise<VoiceCloner | null>
  wakeWord(): Promise<WakeWord | null>
  /** Looks again which models are installed and chosen. True when the embedder changed. */
  refresh(): Promise<boolean>
  load(modelId: string, signal: AbortSignal): Promise<void>
  unload(modelId: string): Promise<void>
  loadState(modelId: string): Model["load"]
  /** Tokens per second measured here with this model; null until it has written something. */
  tokensPerSecond(modelId: string): number | null
  /** Prompt tokens per second of the model last used; null until measured. */
  promptTokensPerSecond(): number | null
  hosts(): { status: HostStatus; models: string[] }[]
  onHostStatus(listener: (status: HostStatus) => void): () => void
  close(): Promise<void>
}

interface Mounted {
  model: ResolvedModel
  engine: Engine
  client: EngineClient<HostContract>
  usedAt: number
}

const idleCheckMs = 30_000

export function createEngineRack(deps: EngineRackDeps): EngineRack {
  const { config, clock, log, onCall } = deps
  const threads = config.threads ?? Math.max(1, availableParallelism())
  const adapter = (name: "llama" | "onnx" | "speech") =>
    createForkAdapter({ entry: entryUrl(name), log, orphans: deps.orphans })
  const clients = {
    // One request at a time: two generations at once would each take twice as long, and the first word of both would be late.
    llm: createHostClient<LlamaContract>({
      name: "llm",
      adapter: adapter("llama"),
      log,
      concurrency: 1,
      graceMs: 20_000,
      onCall,
    }),
    onnx: createHostClient<OnnxContract>({ name: "onnx", adapter: adapter("onnx"), log, concurrency: 4, onCall }),
    speech: createHostClient<SpeechContract>({
      name: "speech",
      adapter: adapter("speech"),
      log,
      concurrency: 8,
      onCall,
    }),
  }
  const mounted = new Map<string, Mounted>()
  /** Embedders whose index is still in use, by model. */
  const earlier = new Map<string, Embedder>()
  const hashes = createHashEmbedder()
  const generationSpeed = new Map<string, number>()
  let promptSpeed: number | null = null
  let current: Embedder = hashes
  const quiet = new AbortController().signal

  const mount = async (id: string, role: ModelRole): Promise<Mounted> => {
    const known = mounted.get(id)
    if (known) {
      known.usedAt = clock.monotonic()
      deps.budget.touch(id)
      return known
    }
    const model = await deps.resolve(id, quiet)
    if (model.role !== role) {
      throw new AppError("model.not-found", `${model.name} is not a model of the kind ${role}.`, {
        remedy: "`zenglow models list` shows each model's role.",
      })
    }
    // Another caller may have mounted it while the files were checked.
    const raced = mounted.get(id)
    if (raced) return raced
    const entry = { model, ...(await build(model)), usedAt: clock.monotonic() }
    mounted.set(id, entry)
    return entry
  }

  const build = async (model: ResolvedModel): Promise<Pick<Mounted, "engine" | "client">> => {
    const file = (option: string): string => model.files[String(model.options[option])] ?? model.path
    switch (model.role) {
      case "llm": {
        const llm = createLlamaLlm({
          client: claiming(clients.llm, model),
          model: { id: model.id, path: model.path },
          log,
          threads,
          gpu: config.gpu === "auto" ? "auto" : false,
        })
        return { engine: measured(llm), client: erased(clients.llm) }
      }
      case "embedder": {
        const embedder = createOnnxEmbedder({
          client: claiming(clients.onnx, model),
          model: {
            id: model.id,
            modelPath: file("weights"),
            tokenizerPath: file("tokenizer"),
            dimensions: model.dimensions ?? 384,
            maxTokens: model.contextTokens ?? 256,
            pooling: model.options.pooling === "cls" ? "cls" : "mean",
            queryPrefix: String(model.options.queryPrefix ?? ""),
            sha256: model.sha256,
          },
          threads,
        })
        return { engine: embedder, client: erased(clients.onnx) }
      }
      case "vad": {
        const vad = createSileroVad({
          client: claiming(clients.speech, model),
          model: { id: model.id, modelPath: file("weights") },
        })
        return { engine: vad, client: erased(clients.speech) }
      }
      case "stt": {
        const vad = await pick<Vad>("vad")
        if (!vad) {
          throw new AppError("model.missing", "Listening needs the voice detector, which is not installed.", {
            remedy: "Run `zenglow models pull`.",
          })
        }
        const client = claiming(clients.speech, model)
        const files = {
          encoderPath: file("encoder"),
          decoderPath: file("decoder"),
          tokenizerPath: file("tokenizer"),
        }
        const stt =
          model.options.engine === "whisper"
            ? createWhisper({
                client,
                model: {
                  id: model.id,
                  isMultilingual: model.languages.length > 1,
                  ...files,
                  configPath: file("config"),
                  // The decoder waits for memory: more threads than these take time from others and win none.
                  threads: Math.min(threads, 4),
                },
                vad,
              })
            : createMoonshine({ client, model: { id: model.id, ...files }, vad })
        return { engine: stt, client: erased(clients.speech) }
      }
      case "tts": {
        const client = claiming(clients.speech, model)
        const tts =
          model.options.engine === "kokoro"
            ? createKokoro({
                client,
                model: {
                  id: model.id,
                  dir: model.directory,
                  weights: String(model.options.weights),
                  voices: Array.isArray(model.options.voices) ? model.options.voices : [],
                },
                threads: Math.min(threads, 4),
              })
            : createHibari({ client, model: { id: model.id, dir: model.directory } })
        return { engine: tts, client: erased(clients.speech) }
      }
      case "speaker": {
        const encoder = createCampplus({
          client: claiming(clients.speech, model),
          model: { id: model.id, modelPath: file("weights"), sha256: model.sha256 },
        })
        return { engine: encoder, client: erased(clients.speech) }
      }
      case "turn": {
        const detector = createSmartTurn({
          client: claiming(clients.speech, model),
          model: { id: model.id, modelPath: file("weights") },
        })
        return { engine: detector, client: erased(clients.speech) }
      }
      case "wake": {
        const wakeWord = createWakeWord({
          client: claiming(clients.speech, model),
          model: { id: model.id, melPath: file("mel"), embeddingPath: file("embedding") },
        })
        return { engine: wakeWord, client: erased(clients.speech) }
      }
      case "cloner": {
        const cloner = createXtts({
          client: claiming(clients.onnx, model),
          model: { id: model.id, name: model.name, manifestPath: model.path, sha256: model.sha256 },
          threads,
          resample,
        })
        return { engine: cloner, client: erased(clients.onnx) }
      }
      case "phrase":
        throw new AppError("model.incompatible", "A phrase is loaded when it is listened for.")
      case "ocr":
        throw new AppError("model.incompatible", "Text recognition is loaded by itself when a picture is read.")
      case "reranker": {
        const reranker = createOnnxReranker({
          client: claiming(clients.onnx, model),
          model: {
            id: model.id,
            modelPath: file("weights"),
            tokenizerPath: file("tokenizer"),
            maxTokens: model.contextTokens ?? 512,
          },
          threads,
        })
        return { engine: reranker, client: erased(clients.onnx) }
      }
    }
  }

  /** The model's own way to its host: memory is claimed before every load, also one that a crash made necessary. */
  function claiming<C extends HostContract>(client: EngineClient<C>, model: ResolvedModel): EngineClient<C> {
    return {
      ...client,
      async request(method, input, options) {
        const isLoad = /(^|\.)load$/.test(method)
        if (isLoad) {
          const isIdle = () => client.status().queued === 0
          const evict = async () => mounted.get(model.id)?.engine.unload()
          await deps.budget.reserve({ id: model.id, bytes: model.memoryBytes, isIdle, evict }, options.signal)
          deps.onChange(model.id)
        }
        try {
          return await client.request(method, input, options)
        } catch (error) {
          if (isLoad) deps.budget.release(model.id)
          throw error
        } finally {
          if (/(^|\.)unload$/.test(method)) deps.budget.release(model.id)
          if (isLoad || /(^|\.)unload$/.test(method)) deps.onChange(model.id)
        }
      },
    }
  }

  /** Takes the speeds from what the engine reports. */
  function measured(llm: Llm): Llm {
    const generate = llm.generate.bind(llm)
    llm.generate = async function* (request, signal) {
      for await (const event of generate(request, signal)) {
        if (event.type === "end") {
          const { usage, timings } = event
          if (usage.completionTokens > 4 && timings.generateMs > 0) {
            generationSpeed.set(llm.modelId, (usage.completionTokens * 1000) / timings.generateMs)
          }
          const read = usage.promptTokens - usage.cachedTokens
          if (read > 64 && timings.promptMs > 0) promptSpeed = (read * 1000) / timings.promptMs
        }
        yield event
      }
    }
    return llm
  }

  const pick = async <E extends Engine>(role: ModelRole, id: string | null = null): Promise<E | null> => {
    const chosen = id ?? (await deps.choose(role))
    if (chosen === null) return null
    // The role decides the engine's type: `mount` refuses a model of another role.
    return (await mount(chosen, role)).engine as unknown as E
  }

  for (const client of Object.values(clients)) {
    client.onStatus(({ state }) => {
      if (state === "running") return
      for (const entry of mounted.values()) if (entry.client === erased(client)) deps.budget.release(entry.model.id)
    })
  }

  const idleTimer = setInterval(() => {
    const limitMs = deps.unloadAfterMinutes() * 60_000
    if (limitMs === 0) return
    for (const { engine, client, usedAt, model } of mounted.values()) {
      if (engine.loadState() !== "loaded" || client.status().queued > 0 || clock.monotonic() - usedAt < limitMs)
        continue
      log.info("model freed after idling", { model: model.id })
      void engine.unload().catch((error: unknown) => log.warn("a model could not be freed", { model: model.id, error }))
    }
  }, idleCheckMs)
  idleTimer.unref()

  return {
    llm: (modelId) => pick<Llm>("llm", modelId),
    embedder: () => current,
    embedderOf: (fingerprint) =>
      [current, hashes, ...earlier.values()].find((embedder) => embedder.fingerprint === fingerprint) ?? null,
    async adopt(fingerprint) {
      if ([current, hashes].some((embedder) => embedder.fingerprint === fingerprint)) return
      const id = fingerprint.split(":")[0] ?? ""
      try {
        const embedder = await pick<Embedder>("embedder", id)
        if (embedder) earlier.set(id, embedder)
      } catch (error) {
        log.debug("the model of the index in use is not at hand", { fingerprint, error })
      }
    },
    reranker: () => pick<Reranker>("reranker"),
    speechToText: (modelId = null) => pick<SpeechToText>("stt", modelId),
    async textToSpeech() {
      const ids = await deps.installedOf("tts")
      const installed = await Promise.all(ids.map((id) => pick<TextToSpeech>("tts", id)))
      return joinVoices(
        installed.filter((tts) => tts !== null),
        deps.pronunciations,
      )
    },
    vad: () => pick<Vad>("vad"),
    speakerEncoder: () => pick<SpeakerEncoder>("speaker"),
    turnDetector: () => pick<TurnDetector>("turn"),
    cloner: () => pick<VoiceCloner>("cloner"),
    wakeWord: () => pick<WakeWord>("wake"),
    async refresh() {
      const before = current.fingerprint
      try {
        current = (await pick<Embedder>("embedder")) ?? hashes
      } catch (error) {
        log.warn("the embedder cannot be used, hashes stand in", { error })
        current = hashes
      }
      return current.fingerprint !== before
    },
    async load(modelId, signal) {
      const { role } = await deps.resolve(modelId, signal)
      await (await mount(modelId, role)).engine.load(signal)
    },
    async unload(modelId) {
      await mounted.get(modelId)?.engine.unload()
    },
    loadState: (modelId) => mounted.get(modelId)?.engine.loadState() ?? "unloaded",
    tokensPerSecond: (modelId) => generationSpeed.get(modelId) ?? null,
    promptTokensPerSecond: () => promptSpeed,
    hosts: () =>
      Object.values(clients).map((client) => ({
        status: client.status(),
        models: [...mounted.values()]
          .filter((entry) => entry.client === erased(client) && entry.engine.loadState() === "loaded")
          .map((entry) => entry.model.id),
      })),
    onHostStatus(listener) {
      const ends = Object.values(clients).map((client) => client.onStatus(listener))
      return () => {
        for (const end of ends) end()
      }
    },
    async close() {
      clearInterval(idleTimer)
      await Promise.all(Object.values(clients).map((client) => client.stop()))
    },
  }
}

/** A host client as the rack lists it: which methods it has does not matter there. */
function erased(client: unknown): EngineClient<HostContract> {
  return client as EngineClient<HostContract>
}
