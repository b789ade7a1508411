import type { Conversation, Message } from "#contract/conversations.ts"
import type { Collection, Document } from "#contract/documents.ts"
import type { Folder } from "#contract/folders.ts"
import type { Job } from "#contract/jobs.ts"
import type { Bundle, Model } from "#contract/models.ts"
import type { MetricFrame } from "#contract/ops.ts"
import type { SearchIndex } from "#contract/searchIndex.ts"
import type { ApiKey, Setting } from "#contract/settings.ts"
import { settingValues } from "#contract/settings.ts"
import type { CitedSpan, Passage } from "#contract/turns.ts"

/** The four looks that every page must have. */
export type SeedState = "empty" | "working" | "full" | "error"

/** A fixed noon: screenshots of the same code are the same. */
export const seedNow = Date.UTC(2026, 10, 23, 12, 0, 0)
const hour = 3_600_000

export const manualText = `# Aria air purifier

## Care

### Filter

Change the filter every six months. In rooms with smoke or pets, change it every three months. The red light on the base comes on when the filter has been in use for 4 300 hours.

Wash the pre-filter every two weeks under running water and let it dry for a day.

### Outside

Wipe the housing with a damp cloth. Do not use solvents.

## Warranty

The warranty covers the motor for five years and all other parts for two years from the date of purchase. It does not cover filters.

## Specifications

| | Aria 200 | Aria 400 |
|---|---|---|
| Room size | 20 m² | 45 m² |
| Power | 28 W | 46 W |
| Noise at level 1 | 24 dB | 26 dB |
`

const place = (needle: string): { start: number; end: number } => {
  const start = manualText.indexOf(needle)
  return { start, end: start + needle.length }
}
const filterText = "Change the filter every six months. In rooms with smoke or pets, change it every three months."
const washText = "Wash the pre-filter every two weeks under running water and let it dry for a day."
const warrantyText =
  "The warranty covers the motor for five years and all other parts for two years from the date of purchase."

export const passages: Passage[] = [
  { text: filterText, headingPath: ["Care", "Filter"], page: 4, score: 0.94, similarity: 0.81 },
  { text: washText, headingPath: ["Care", "Filter"], page: 4, score: 0.71, similarity: 0.66 },
  { text: warrantyText, headingPath: ["Warranty"], page: 9, score: 0.42, similarity: 0.38 },
].map((entry, index) => ({
  ...entry,
  n: index + 1,
  chunkId: `chunk-${index + 1}`,
  documentId: "document-1",
  collectionId: "collection-sample",
  title: "Aria air purifier: manual",
  path: "manuals/aria.pdf",
  ...place(entry.text),
}))

export const answerText = `Change the filter **every six months**. With smoke or pets in the room, change it every three months.

| Part | How often |
|---|---|
| Filter | 6 months, or 3 with smoke or pets |
| Pre-filter | washed every 2 weeks |

It is best to write the date on the filter's frame.`

const citedSentences: (Omit<CitedSpan, "start" | "end"> & { sentence: string })[] = [
  { sentence: "Change the filter **every six months**.", citations: [1], supported: true },
  { sentence: "With smoke or pets in the room, change it every three months.", citations: [1, 2], supported: true },
  {
    sentence: "It is best to write the date on the filter's frame.",
    citations: [],
    supported: false,
    reason: "none of the passages says this.",
  },
]
export const answerSpans: CitedSpan[] = citedSentences.map(({ sentence, ...span }) => ({
  ...span,
  start: answerText.indexOf(sentence),
  end: answerText.indexOf(sentence) + sentence.length,
}))

export const timings = [
  { name: "embed", startMs: 0, endMs: 21 },
  { name: "search", startMs: 21, endMs: 34 },
  { name: "first-token", startMs: 34, endMs: 1180 },
  { name: "first-clause", startMs: 1180, endMs: 1520 },
  { name: "generate", startMs: 1180, endMs: 4310 },
  { name: "support", startMs: 4310, endMs: 4402 },
]

const baseMessage = {
  reasoning: "",
  endReason: null,
  error: null,
  model: null,
  passages: [],
  spans: [],
  timings: [],
  usage: null,
  heardChars: null,
  kind: "text" as const,
  feedback: null,
}

const question = (conversationId: string, id: string, parentId: string | null, text: string, at: number): Message => ({
  ...baseMessage,
  id,
  conversationId,
  parentId,
  role: "user",
  text,
  createdAt: at,
})

const answer = (
  conversationId: string,
  id: string,
  parentId: string,
  text: string,
  at: number,
  more: Partial<Message> = {},
): Message => ({
  ...baseMessage,
  id,
  conversationId,
  parentId,
  role: "assistant",
  text,
  endReason: "complete",
  model: "qwen2.5-coder-1.5b",
  timings,
  usage: { promptTokens: 612, cachedTokens: 180, completionTokens: 96 },
  createdAt: at,
  ...more,
})

const conversation = (id: string, title: string, ageMs: number, leaf: string | null, count: number): Conversation => ({
  id,
  title,
  titleIsAutomatic: true,
  personaId: null,
  collectionIds: null,
  model: null,
  activeMessageId: leaf,
  messageCount: count,
  createdAt: seedNow - ageMs - 60_000,
  updatedAt: seedNow - ageMs,
})

export interface Seed {
  conversations: Conversation[]
  messages: Map<string, Message[]>
  collections: Collection[]
  documents: Document[]
  folders: Folder[]
  searchIndex: SearchIndex
  models: Model[]
  bundle: Omit<Bundle, "models">
  jobs: Job[]
  keys: ApiKey[]
  settings: Setting[]
}

export function seedOf(state: SeedState): Seed {
  const isFull = state === "full" || state === "working"
  const models = seedModels(state)
  return {
    ...(isFull ? seedChats() : { conversations: [], messages: new Map<string, Message[]>() }),
    collections: seedCollections(state),
    documents: seedDocuments(state),
    folders: seedFolders(state),
    searchIndex: { active: "all-minilm-l6-v2", passages: 1275, vectors: 1275, passageTokens: 200, refused: null },
    models,
    bundle: {
      machine: {
        cpu: "Intel Core i5-8250U",
        cores: 4,
        memoryBytes: 16.6e9,
        freeMemoryBytes: 7.8e9,
        diskFreeBytes: 118e9,
        gpu: null,
        platform: "Linux x64",
      },
      missingBytes: models
        .filter((model) => model.isRecommended && model.status !== "installed")
        .reduce((sum, model) => sum + model.sizeBytes, 0),
      reason: "The largest model that answers at reading speed in 7.8 GB of free memory.",
      isComplete: isFull && state !== "working",
      capabilities:
        state === "full"
          ? { chat: true, composedAnswers: true, semanticSearch: true, listen: true, speak: true }
          : state === "working"
            ? { chat: true, composedAnswers: true, semanticSearch: true, listen: true, speak: false }
            : { chat: true, composedAnswers: false, semanticSearch: false, listen: false, speak: false },
      isOffline: state === "error",
    },
    jobs: state === "working" ? seedJobs() : state === "error" ? [failedJob()] : [],
    keys: [
      {
        id: "key-1",
        name: "First run",
        scopes: ["owner"],
        prefix: "zg_7f3a",
        createdAt: seedNow - 40 * 24 * hour,
        lastUsedAt: seedNow - 2 * hour,
        isFirstRun: true,
      },
      ...(isFull
        ? [
            {
              id: "key-2",
              name: "Notes plug-in",
              scopes: ["chat", "rag"],
              prefix: "zg_b81c",
              createdAt: seedNow - 9 * 24 * hour,
              lastUsedAt: null,
              isFirstRun: false,
            },
          ]
        : []),
    ],
    settings: seedSettings(state),
  }
}

function seedChats(): { conversations: Conversation[]; messages: Map<string, Message[]> } {
  const first = "conversation-1"
  const spans = answerSpans
  const messages: Message[] = [
    question(first, "m1", null, "How often should the filter be changed?", seedNow - 9 * 60_000),
    answer(first, "m2", "m1", answerText, seedNow - 9 * 60_000 + 4000, { passages, spans, feedback: "up" }),
    question(first, "m3", "m2", "Show me a script that reminds me.", seedNow - 5 * 60_000),
    answer(
      first,
      "m4",
      "m3",
      'Put this into your calendar tool, or run it once a day:\n\n```js\nconst changedOn = new Date("2026-06-01")\nconst months = 6 // 3 with smoke or pets\nconst due = new Date(changedOn)\ndue.setMonth(due.getMonth() + months)\nif (Date.now() > due.getTime()) console.log("Change the filter.")\n```\n\nSet `months` to 3 when there are pets.',
      seedNow - 5 * 60_000 + 5000,
      {
        reasoning:
          "The person wants a reminder. A few lines of JavaScript are enough; the interval comes from the manual.",
      },
    ),
    answer(first, "m4b", "m3", "A monthly calendar entry is enough.", seedNow - 4 * 60_000),
    question(first, "m5", "m4", "And what does it weigh?", seedNow - 60_000),
    answer(first, "m6", "m5", "Your documents do not say.", seedNow - 58_000, {
      endReason: "not-found",
      passages: passages.slice(0, 3),
      usage: null,
    }),
  ]
  const second = "conversation-2"
  return {
    conversations: [
      conversation(first, "Changing the filter", 58_000, "m6", 7),
      conversation(second, "Warranty of the motor", 3 * hour, "w2", 2),
      conversation("conversation-3", "Holiday rota for the workshop, drafts and corrections", 30 * hour, null, 0),
      conversation("conversation-4", "Lease: notice period", 80 * hour, null, 0),
      conversation("conversation-5", "Soup for twelve", 20 * 24 * hour, null, 0),
      conversation("conversation-6", "Names for the boat", 90 * 24 * hour, null, 0),
    ],
    messages: new Map([
      [first, messages],
      [
        second,
        [
          question(second, "w1", null, "How long is the motor covered?", seedNow - 3 * hour),
          answer(
            second,
            "w2",
            "w1",
            "The motor is covered for five years from the date of purchase.",
            seedNow - 3 * hour + 3000,
            {
              passages: passages.slice(2),
              spans: [{ start: 0, end: 63, citations: [3], supported: true }],
            },
          ),
        ],
      ],
    ]),
  }
}

/** A conversation of `count` messages, for scrolling. */
export function longChat(count: number): { conversation: Conversation; messages: Message[] } {
  const id = "conversation-long"
  const messages: Message[] = []
  for (let index = 0; index < count; index++) {
    const parentId = index === 0 ? null : `long-${index - 1}`
    const at = seedNow - (count - index) * 1000
    messages.push(
      index % 2 === 0
        ? question(id, `long-${index}`, parentId, `Question ${index}: what about part ${index % 37}?`, at)
        : answer(
            id,
            `long-${index}`,
            `long-${index - 1}`,
            `Answer ${index}. ${"It depends on the room and on how long the device runs each day. ".repeat(1 + (index % 5))}`,
            at,
          ),
    )
  }
  return { conversation: conversation(id, "A very long chat", 0, `long-${count - 1}`, count), messages }
}

function seedCollections(state: SeedState): Collection[] {
  const sample: Collection = {
    id: "collection-sample",
    name: "Sample",
    documentCount: state === "empty" ? 0 : 3,
    chunkCount: state === "empty" ? 0 : 41,
    isSample: true,
    createdAt: seedNow - 40 * 24 * hour,
  }
  if (state === "empty") return []
  if (state === "error") return [sample]
  return [
    sample,
    { ...sample, id: "collection-2", name: "House", documentCount: 18, chunkCount: 924, isSample: false },
    { ...sample, id: "collection-3", name: "Workshop", documentCount: 7, chunkCount: 310, isSample: false },
  ]
}

function seedFolders(state: SeedState): Folder[] {
  if (state === "empty") return []
  const notes: Folder = {
    id: "folder-1",
    collectionId: "collection-2",
    name: "Notes",
    path: "/home/sam/Documents/Notes",
    excludes: ["drafts/", "*.log"],
    followsGitignore: true,
    maxFileBytes: 200 * 1024 * 1024,
    state: "watching",
    mode: "events",
    done: 0,
    total: 0,
    documentCount: 18,
    skippedCount: 7,
    errors: [],
    errorCount: 0,
    checkedAt: seedNow - hour,
    createdAt: seedNow - 24 * hour,
  }
  const drive: Folder = {
    ...notes,
    id: "folder-2",
    collectionId: "collection-3",
    name: "Workshop",
    path: "/media/sam/Backup of the old laptop/Workshop",
    state: "unreachable",
    documentCount: 7,
    skippedCount: 0,
    errors: [
      {
        path: "Workshop/scans/1987.pdf",
        code: "document.no-text",
        message: "The pages are pictures without text.",
        remedy: "Run text recognition on it and add it again.",
      },
    ],
    errorCount: 1,
  }
  if (state === "working") return [{ ...notes, state: "scanning", done: 212, total: 1384, documentCount: 212 }]
  return state === "error" ? [drive] : [notes, drive]
}

function seedDocuments(state: SeedState): Document[] {
  if (state === "empty") return []
  const base: Document = {
    id: "document-1",
    collectionId: "collection-sample",
    title: "Aria air purifier: manual",
    path: "manuals/aria.pdf",
    kind: "pdf",
    sizeBytes: 1_240_000,
    pageCount: 12,
    charCount: manualText.length,
    chunkCount: 24,
    stage: "ready",
    status: "ready",
    hasVectors: true,
    error: null,
    createdAt: seedNow - 30 * hour,
    updatedAt: seedNow - 2 * hour,
  }
  const broken: Document = {
    ...base,
    id: "document-9",
    title: "scan-0312.pdf",
    path: "letters/scan-0312.pdf",
    pageCount: 3,
    charCount: 0,
    chunkCount: 0,
    stage: "parse",
    status: "failed",
    hasVectors: false,
    error: {
      code: "document.no-text",
      message: "The pages are pictures: there is no text in them.",
      remedy: "Run text recognition on the file and add it again.",
    },
  }
  const locked: Document = {
    ...broken,
    id: "document-10",
    title: "contract-2024.pdf",
    path: "letters/contract-2024.pdf",
    error: {
      code: "document.encrypted",
      message: "The file is protected by a password.",
      remedy: "Save a copy without the password and add that.",
    },
  }
  if (state === "error") return [base, broken, locked]
  const more: Document[] = [
    {
      ...base,
      id: "document-2",
      title: "Warranty terms",
      path: "manuals/warranty.md",
      kind: "md",
      pageCount: null,
      chunkCount: 9,
      sizeBytes: 14_200,
    },
    {
      ...base,
      id: "document-3",
      title: "Lease, Mill Lane 4",
      path: "house/lease.docx",
      kind: "docx",
      pageCount: null,
      chunkCount: 61,
      sizeBytes: 88_000,
      collectionId: "collection-2",
    },
    {
      ...base,
      id: "document-4",
      title: "Boiler handbook",
      path: "house/boiler.pdf",
      pageCount: 96,
      chunkCount: 412,
      sizeBytes: 8_900_000,
      collectionId: "collection-2",
    },
    {
      ...base,
      id: "document-5",
      title: "Notes on joinery",
      path: "workshop/joinery.txt",
      kind: "txt",
      pageCount: null,
      chunkCount: 33,
      sizeBytes: 21_000,
      collectionId: "collection-3",
    },
  ]
  if (state === "working") {
    return [
      {
        ...base,
        id: "document-6",
        title: "Tax return 2025.pdf",
        path: "house/tax-2025.pdf",
        status: "working",
        stage: "embed",
        chunkCount: 118,
        hasVectors: false,
        collectionId: "collection-2",
        updatedAt: seedNow,
      },
      {
        ...base,
        id: "document-7",
        title: "Garden plan.html",
        path: "house/garden.html",
        kind: "html",
        status: "working",
        stage: "chunk",
        chunkCount: 0,
        pageCount: null,
        hasVectors: false,
        collectionId: "collection-2",
        updatedAt: seedNow,
      },
      {
        ...base,
        id: "document-8",
        title: "Inventory.txt",
        path: "house/inventory.txt",
        kind: "txt",
        status: "queued",
        stage: "parse",
        chunkCount: 0,
        pageCount: null,
        hasVectors: false,
        collectionId: "collection-2",
        updatedAt: seedNow,
      },
      base,
      ...more,
      broken,
    ]
  }
  return [base, ...more, broken]
}

function seedModels(state: SeedState): Model[] {
  const base: Model = {
    id: "qwen2.5-coder-1.5b",
    name: "Qwen2.5 Coder 1.5B",
    role: "llm",
    summary: "Small and quick; good at answering from passages.",
    licence: "Apache-2.0",
    licenceUrl: "https://www.apache.org/licenses/LICENSE-2.0",
    sizeBytes: 1_117_000_000,
    contextTokens: 32_768,
    dimensions: null,
    languages: ["en"],
    source: "Hugging Face",
    status: "installed",
    isImported: false,
    isDefault: true,
    isRecommended: true,
    load: "loaded",
    fit: { verdict: "fits", memoryBytes: 2.2e9, reason: "uses 2.2 of 7.8 GB free" },
    tokensPerSecond: 24.3,
    jobId: null,
  }
  const small: Model = {
    ...base,
    id: "smollm2-135m",
    name: "SmolLM2 135M",
    summary: "Tiny; small talk only.",
    sizeBytes: 145_000_000,
    contextTokens: 8192,
    isDefault: false,
    load: "unloaded",
    fit: { verdict: "fits", memoryBytes: 0.4e9, reason: "uses 0.4 of 7.8 GB free" },
    tokensPerSecond: 96.1,
  }
  const large: Model = {
    ...base,
    id: "qwen3-8b",
    name: "Qwen3 8B",
    summary: "Writes better, needs patience on this machine.",
    sizeBytes: 5_030_000_000,
    status: "available",
    isDefault: false,
    isRecommended: false,
    load: "unloaded",
    fit: { verdict: "tight", memoryBytes: 7.1e9, reason: "uses 7.1 of 7.8 GB free" },
    tokensPerSecond: null,
  }
  const huge: Model = {
    ...large,
    id: "qwen3-32b",
    name: "Qwen3 32B",
    summary: "For machines with a large memory.",
    sizeBytes: 19_800_000_000,
    fit: { verdict: "too-large", memoryBytes: 24e9, reason: "needs 24 GB, 7.8 GB are free" },
  }
  const other = (
    id: string,
    name: string,
    role: Model["role"],
    sizeBytes: number,
    summary: string,
    licence = "Apache-2.0",
  ): Model => ({
    ...base,
    id,
    name,
    role,
    summary,
    licence,
    sizeBytes,
    contextTokens: role === "embedder" ? 256 : null,
    dimensions: role === "embedder" ? 384 : null,
    load: "unloaded",
    fit: { verdict: "fits", memoryBytes: sizeBytes * 1.4, reason: "small beside 7.8 GB free" },
    tokensPerSecond: null,
  })
  const all = [
    base,
    small,
    large,
    huge,
    other("minilm-l6-v2", "MiniLM L6 v2", "embedder", 90_400_000, "Finds passages by meaning."),
    other("moonshine-tiny-en", "Moonshine tiny", "stt", 108_000_000, "Understands English speech.", "MIT"),
    other("hibari", "Hibari", "tts", 62_000_000, "A calm English voice.", "Apache-2.0"),
    other("silero-vad-v6", "Silero VAD v6", "vad", 2_300_000, "Hears when you begin and end.", "MIT"),
    other("campplus-zh-en", "CAM++", "speaker", 27_900_000, "Tells voices apart."),
  ]
  if (state === "full") return all
  if (state === "working") {
    return all.map((model) =>
      model.role === "tts"
        ? { ...model, status: "downloading", jobId: "job-pull" }
        : model.id === small.id
          ? { ...model, status: "paused", jobId: "job-paused" }
          : model,
    )
  }
  return all.map((model) => ({
    ...model,
    status: state === "error" && model.role === "embedder" ? "corrupt" : "available",
    load: "unloaded",
    tokensPerSecond: null,
  }))
}

function seedJobs(): Job[] {
  const base: Job = {
    id: "job-pull",
    kind: "model-pull",
    title: "Hibari",
    status: "running",
    progress: 0.62,
    done: 38_400_000,
    total: 62_000_000,
    unit: "bytes",
    ratePerSecond: 4_200_000,
    remainingMs: 5600,
    current: "voice.onnx",
    error: null,
    subjectId: "hibari",
    createdAt: seedNow - 12_000,
    updatedAt: seedNow,
  }
  return [
    base,
    {
      ...base,
      id: "job-paused",
      title: "SmolLM2 135M",
      status: "paused",
      progress: 0.2,
      done: 29_000_000,
      total: 145_000_000,
      ratePerSecond: null,
      remainingMs: null,
      subjectId: "smollm2-135m",
      current: null,
    },
    {
      ...base,
      id: "job-ingest",
      kind: "ingest",
      title: "House",
      progress: 0.4,
      done: 12,
      total: 30,
      unit: "files",
      ratePerSecond: 1.2,
      remainingMs: 15_000,
      speed: { passagesPerSecond: 38, bytesPerSecond: 2.4e6 },
      subjectId: "collection-2",
      current: "Tax return 2025.pdf",
    },
  ]
}

function failedJob(): Job {
  return {
    ...(seedJobs()[0] as Job),
    status: "failed",
    ratePerSecond: null,
    remainingMs: null,
    error: {
      code: "download.failed",
      message: "The download stopped: the server closed the connection.",
      remedy: "What arrived was kept. Try again; it goes on where it stopped.",
    },
  }
}

function seedSettings(state: SeedState): Setting[] {
  const defaults = settingValues.parse({})
  const changed: Record<string, unknown> = {
    firstRunDone: state !== "empty",
    ...(state === "full" ? { temperature: 0.2, voice: "hibari-en" } : {}),
  }
  return Object.entries(defaults).map(([name, value]) => ({
    name,
    value: name in changed ? changed[name] : value,
    defaultValue: value,
    origin: name === "unloadAfterMinutes" ? "env" : name in changed ? "file" : "default",
    isLocked: name === "unloadAfterMinutes",
  }))
}

/** A plausible machine, one frame per call; `step` counts from 0. */
export function metricFrameAt(step: number, at: number): MetricFrame {
  const wave = (period: number, low: number, high: number) => low + ((Math.sin(step / period) + 1) / 2) * (high - low)
  const isBusy = Math.sin(step / 9) > -0.2
  const stage = (p50: number) => ({
    count: 40 + step,
    p50Ms: p50 * wave(7, 0.9, 1.1),
    p95Ms: p50 * wave(5, 1.6, 2.1),
    p99Ms: p50 * 2.6,
  })
  return {
    at,
    cpuPercent: wave(6, 12, 78),
    memory: {
      usedBytes: wave(20, 6.9e9, 8.1e9),
      totalBytes: 16.6e9,
      budgetBytes: 7.8e9,
      engineBytes: wave(15, 1.9e9, 2.5e9),
    },
    processes: [
      { name: "core", pid: 411, cpuPercent: wave(4, 2, 9), rssBytes: 142e6 },
      { name: "llm", pid: 418, cpuPercent: isBusy ? wave(5, 30, 180) : 1, rssBytes: 1.9e9 },
      { name: "onnx", pid: 425, cpuPercent: wave(8, 0, 22), rssBytes: 310e6 },
      { name: "speech", pid: 431, cpuPercent: wave(11, 0, 14), rssBytes: 260e6 },
    ],
    eventLoopDelayP99Ms: wave(6, 3, 14),
    tokensPerSecond: isBusy ? wave(5, 21, 26) : null,
    queues: { llm: Math.round(wave(9, 0, 3)), ingest: Math.round(wave(13, 0, 12)) },
    stages: {
      embed: stage(20),
      search: stage(12),
      "first-token": stage(1100),
      generate: stage(3100),
      stt: stage(240),
      "first-audio": stage(620),
    },
    models: [
      { role: "llm", id: "qwen2.5-coder-1.5b", load: "loaded", pid: 418 },
      { role: "embedder", id: "minilm-l6-v2", load: "loaded", pid: 425 },
    ],
    counters: {
      turns: 40 + step,
      "audio.dropouts": Math.floor(step / 40),
      "errors.engine.crashed": step > 30 ? 1 : 0,
      "crashes.llm": step > 30 ? 1 : 0,
    },
  }
}
