import { readFile } from "node:fs/promises"
import { extname } from "node:path"
import { zip } from "fflate"
import type { Actor } from "#core/actor.ts"
import type { PiiRepository, Store } from "#store/types.ts"
import { collectionsOf, conversationsOf, documentsOf, memoriesOf, messagesOf, type OwnThings } from "./everythingOf.ts"

export interface ExportDeps {
  store: OwnThings &
    Pick<
      Store,
      "people" | "settings" | "feedback" | "artifacts" | "audit" | "evaluations" | "voiceProfiles" | "clonedVoices"
    >
  vault: PiiRepository
  datasets: {
    list(actor: Actor): Promise<{ id: string; dataset: string; version: number }[]>
    read(actor: Actor, id: string, range: null): Promise<AsyncIterable<Uint8Array>>
  }
  /** Where copies of added files lie. Others stay where they are, and are named. */
  uploadsDir: string
  markdown(
    conversation: Awaited<ReturnType<typeof conversationsOf>>[number],
    messages: Awaited<ReturnType<typeof messagesOf>>,
  ): string
}

/** Everything of one person in one zip: `index.html` tells what is in it, chats are there to read and for programs, documents with their text. */
export async function exportEverything(actor: Actor, deps: ExportDeps, signal: AbortSignal): Promise<Uint8Array> {
  const { store } = deps
  const files: Record<string, Uint8Array> = {}
  const lines: { path: string; title: string; about: string }[] = []
  const put = (path: string, body: string | Uint8Array, title: string, about: string): void => {
    files[path] = typeof body === "string" ? new TextEncoder().encode(body) : body
    lines.push({ path, title, about })
  }
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

  put("profile.json", json(await store.people.get(actor, actor.personId)), "Profile", "name, role, colour, voice")
  put("settings.json", json(await store.settings.all(actor)), "Settings", "what you chose")
  const memories = await memoriesOf(actor, store)
  put("memories.json", json(memories), "Memories", `${memories.length} that were remembered`)
  for (const conversation of await conversationsOf(actor, store)) {
    signal.throwIfAborted()
    const messages = await messagesOf(actor, store, conversation.id)
    const name = `chats/${fileName(conversation.title)}-${conversation.id.slice(-8)}`
    put(`${name}.md`, deps.markdown(conversation, messages), conversation.title, `chat, ${messages.length} messages`)
    put(
      `${name}.json`,
      json({ conversation, messages }),
      conversation.title,
      "the same chat for programs, every branch",
    )
  }
  put("collections.json", json(await collectionsOf(actor, store)), "Collections", "of your documents")
  for (const { filePath, fileStamp: _, ...document } of await documentsOf(actor, store)) {
    signal.throwIfAborted()
    const name = `documents/${fileName(document.title)}-${document.id.slice(-8)}`
    const { text } = await store.documents.text(actor, document.id)
    put(`${name}.txt`, text, document.title, `document, text as it was read; ${document.path}`)
    const isKept = filePath?.startsWith(deps.uploadsDir) ?? false
    const bytes = isKept && filePath ? await readFile(filePath).catch(() => null) : null
    if (bytes) put(`${name}${extname(document.path) || ".bin"}`, bytes, document.title, "the file you added")
  }
  put(
    "feedback.json",
    json(await store.feedback.lists(actor, { limit: 2000, withEvents: true })),
    "Clicks and thumbs",
    "what ranking learned from; questions as hashes",
  )
  put(
    "artifacts.json",
    json((await store.artifacts.list(actor, { limit: 200 })).items),
    "Artifacts",
    "what was built and exported",
  )
  put(
    "measurements.json",
    json({ runs: await store.evaluations.runs(actor, 500), pinned: await store.evaluations.pins(actor) }),
    "Measurements",
    "runs and pinned questions",
  )
  const voices = (await store.voiceProfiles.list(actor)).map(({ id, name }) => ({ id, name }))
  const clones = (await store.clonedVoices.list(actor)).map(({ id, name, language, createdAt }) => ({
    id,
    name,
    language,
    createdAt,
  }))
  put("voices.json", json({ known: voices, cloned: clones }), "Voices", "names; what a voice is like stays sealed here")
  put("hidden-people.json", json(await deps.vault.list(actor)), "People in the vault", "whom you asked to hide")
  for (const { id, dataset, version } of await deps.datasets.list(actor)) {
    const parts: Uint8Array[] = []
    for await (const part of await deps.datasets.read(actor, id, null)) parts.push(part)
    put(
      `datasets/${fileName(dataset)}-v${version}.jsonl`,
      Buffer.concat(parts),
      `${dataset}, version ${version}`,
      "dataset",
    )
  }
  const audit = await store.audit.list(actor, { personId: actor.personId, limit: 200 }).catch(() => ({ items: [] }))
  put("audit.json", json(audit.items), "Who did what", "the newest 200 lines about you")

  files["index.html"] = new TextEncoder().encode(indexPage(lines))
  return await new Promise((resolve, reject) => {
    zip(files, { level: 6 }, (error, data) => (error ? reject(error) : resolve(data)))
  })
}

const fileName = (title: string): string =>
  title
    .normalize("NFKC")
    .replaceAll(/[^\p{L}\p{N}]+/gu, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 60) || "untitled"

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;")

const indexPage = (lines: readonly { path: string; title: string; about: string }[]): string =>
  `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Everything ZenGlow kept of you</title>
<style>body{font:15px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}td{padding:.25rem 1rem .25rem 0;vertical-align:top}</style>
<h1>Everything ZenGlow kept of you</h1>
<p>${lines.length} files. Nothing of anybody else is in here. Keys, passwords and what voices are like are never exported.</p>
<table>
${lines.map(({ path, title, about }) => `<tr><td><a href="${escaped(encodeURI(path))}">${escaped(title)}</a></td><td>${escaped(about)}</td></tr>`).join("\n")}
</table>
</html>
`
