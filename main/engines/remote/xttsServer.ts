import { AppError } from "#core/errors.ts"
import { untilAborted } from "#core/untilAborted.ts"
import type { SpeechChunk, VoiceCloner } from "../types.ts"
import { xttsLanguages } from "../xttsLanguages.ts"

/**
 * How a server is spoken to. `coqui`: the streaming server of XTTS's makers, which takes samples (`/clone_speaker`, `/tts_stream`).
 * `xtts-api`: `/tts_to_audio` with a voice that lies on the server under the same name. `openai`: `/v1/audio/speech`, the same way.
 */
export type XttsProtocol = "coqui" | "xtts-api" | "openai"

export interface XttsServerOptions {
  /** Address of the server, with its path if it has one. */
  baseUrl: string
  protocol: XttsProtocol
  /** Asked before every request. Throws when this address must not be spoken to. */
  guard: (url: URL) => Promise<void>
  /** The way out. */
  fetch: typeof fetch
  /** A sound file of any supported format. */
  decode: (bytes: Uint8Array, signal: AbortSignal) => Promise<SpeechChunk>
  /** A 16-bit WAV file. */
  encode: (chunk: SpeechChunk) => Uint8Array<ArrayBuffer>
  /** Sent as bearer. Null: the server asks for none. */
  apiKey: () => Promise<string | null>
  /** For one sentence, from the request to the last byte. Default 120,000 ms. */
  timeoutMs?: number
}

/** 24 kHz s16le, as XTTS makes it. */
const streamRate = 24_000
const maxBytes = 64 * 1024 * 1024

/** XTTS on a server that the person named. What is said, and with `coqui` the sample too, goes there. */
export function createXttsServer(options: XttsServerOptions): VoiceCloner {
  const { baseUrl, protocol, guard, fetch, decode, encode, apiKey, timeoutMs = 120_000 } = options
  const base = new URL(baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`)

  /** Opens a request; its timeout also ends the reading of the answer. Redirects are not followed: nobody vouched for where they lead. */
  const open = async (path: string, init: RequestInit, signal: AbortSignal): Promise<Response> => {
    const url = new URL(path, base)
    await guard(url)
    const key = await apiKey()
    const headers = new Headers(init.headers)
    if (key !== null) headers.set("authorization", `Bearer ${key}`)
    let response: Response
    try {
      response = await fetch(url, { ...init, headers, redirect: "manual", signal })
    } catch (cause) {
      signal.throwIfAborted()
      throw failed(base, "cannot be reached", cause)
    }
    if (response.ok) return response
    await response.body?.cancel()
    if (response.status >= 300 && response.status < 400) throw failed(base, "leads to another address")
    if (response.status === 401 || response.status === 403) throw failed(base, "wants another key")
    throw failed(base, `answered ${response.status}`)
  }

  /** Runs a part of an exchange under the caller's signal and the limit, and tells the ways in which it can end apart. */
  const exchange = async <T>(
    signal: AbortSignal,
    limit: AbortSignal,
    run: (both: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    const both = AbortSignal.any([signal, limit])
    try {
      return await untilAborted(run(both), both)
    } catch (error) {
      signal.throwIfAborted()
      if (limit.aborted) throw failed(base, "did not answer in time", error)
      throw error instanceof AppError ? error : failed(base, "broke off", error)
    }
  }

  const json = (body: unknown): RequestInit => ({
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  })

  const condition = async (sample: SpeechChunk & { name: string }, signal: AbortSignal): Promise<unknown> => {
    if (protocol === "coqui") {
      const form = new FormData()
      form.append("wav_file", new Blob([encode(sample)], { type: "audio/wav" }), "sample.wav")
      const made = await readJson(await open("clone_speaker", { method: "POST", body: form }, signal), base)
      if (!isConditioning(made)) throw failed(base, "did not make a voice of the sample")
      return { gpt_cond_latent: made.gpt_cond_latent, speaker_embedding: made.speaker_embedding }
    }
    if (protocol === "xtts-api") {
      const names = await readJson(await open("speakers_list", {}, signal), base)
      if (!Array.isArray(names) || !names.includes(sample.name))
        throw new AppError("cloning.server", `The server at ${base.host} has no voice called ${sample.name}.`, {
          remedy: "Put the recording into the server's speakers folder under this name.",
        })
    }
    return { voice: sample.name }
  }

  const speech = async (
    text: string,
    { conditioning, language, rate }: { conditioning: Record<string, unknown>; language: string; rate: number },
    signal: AbortSignal,
  ): Promise<Response> => {
    const code = language === "zh" ? "zh-cn" : language
    if (protocol === "coqui")
      return await open(
        "tts_stream",
        json({ ...conditioning, text, language: code, add_wav_header: false, stream_chunk_size: "20" }),
        signal,
      )
    const { voice } = conditioning
    if (protocol === "xtts-api")
      return await open("tts_to_audio/", json({ text, speaker_wav: voice, language: code }), signal)
    return await open(
      "v1/audio/speech",
      json({ model: "xtts", input: text, voice, response_format: "wav", speed: rate, language: code }),
      signal,
    )
  }

  return {
    kind: "server",
    name: `XTTS at ${base.host}`,
    modelId: `xtts-server-${base.host}`,
    fingerprint: `${protocol}@${base.href}`,
    languages: xttsLanguages,
    isFallback: false,
    loadState: () => "loaded",
    load: async () => undefined,
    unload: async () => undefined,
    condition: async (sample, signal) =>
      Buffer.from(
        JSON.stringify(await exchange(signal, AbortSignal.timeout(timeoutMs), (both) => condition(sample, both))),
      ),
    async *synthesize(text, { conditioning, language, rate = 1 }, signal) {
      const known: unknown = JSON.parse(Buffer.from(conditioning).toString())
      if (typeof known !== "object" || known === null) throw failed(base, "knows nothing of this voice")
      const limit = AbortSignal.timeout(timeoutMs)
      const request = { conditioning: known as Record<string, unknown>, language, rate }
      const response = await exchange(signal, limit, (both) => speech(text, request, both))
      if (protocol !== "coqui") {
        const bytes = await exchange(signal, limit, () => readAll(response, base))
        if (bytes.length === 0) throw failed(base, "sent no sound")
        yield await exchange(signal, limit, (both) => decode(bytes, both))
        return
      }
      const pieces = wholeSamples(response, base)
      for (;;) {
        const { value, done } = await exchange(signal, limit, () => pieces.next())
        if (done) return
        yield { samples: value, sampleRate: streamRate }
      }
    },
  }
}

/** s16le pieces as they arrive; a sample that is cut by a packet's end waits for its other half. */
async function* wholeSamples(response: Response, base: URL): AsyncGenerator<Float32Array, void> {
  let rest = Buffer.alloc(0)
  let isEmpty = true
  for await (const bytes of limited(response, base)) {
    const all = Buffer.concat([rest, bytes])
    rest = all.subarray(all.length - (all.length % 2))
    if (all.length < 2) continue
    isEmpty = false
    yield Float32Array.from({ length: all.length >> 1 }, (_, n) => all.readInt16LE(2 * n) / 32_768)
  }
  if (isEmpty) throw failed(base, "sent no sound")
}

async function* limited(response: Response, base: URL): AsyncGenerator<Uint8Array, void> {
  let size = 0
  for await (const bytes of response.body ?? []) {
    size += bytes.length
    if (size > maxBytes) throw failed(base, "sent more sound than a sentence can have")
    yield bytes
  }
}

async function readAll(response: Response, base: URL): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const bytes of limited(response, base)) parts.push(bytes)
  return new Uint8Array(Buffer.concat(parts))
}

async function readJson(response: Response, base: URL): Promise<unknown> {
  try {
    return JSON.parse(Buffer.from(await readAll(response, base)).toString())
  } catch (cause) {
    throw cause instanceof AppError ? cause : failed(base, "sent something else than was asked for", cause)
  }
}

const isConditioning = (made: unknown): made is { gpt_cond_latent: unknown[]; speaker_embedding: unknown[] } =>
  typeof made === "object" &&
  made !== null &&
  "gpt_cond_latent" in made &&
  Array.isArray(made.gpt_cond_latent) &&
  "speaker_embedding" in made &&
  Array.isArray(made.speaker_embedding)

const failed = (base: URL, what: string, cause?: unknown): AppError =>
  new AppError("cloning.server", `The XTTS server at ${base.host} ${what}.`, {
    remedy: "Check that it runs, its address and its kind in Settings, Voices.",
    ...(cause === undefined ? {} : { cause }),
  })
