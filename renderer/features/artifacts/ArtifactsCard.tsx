import { Copy, Trash2 } from "lucide-react"
import { useCallback, useEffect, useState } from "react"
import type { Artifact, ArtifactKind } from "#contract/artifacts.ts"
import { api } from "../../api/client.ts"
import { subscribe } from "../../api/socket.ts"
import { Button, IconButton } from "../../ui/Button.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { formatBytes, formatTime } from "../../ui/format.ts"
import { SearchField } from "../../ui/SearchField.tsx"
import { Segmented } from "../../ui/Segmented.tsx"
import { toastFailure } from "../frame/attempt.ts"
import { toast } from "../frame/frameStore.ts"
import { strings } from "./strings.ts"
import "./artifacts.css"

type Kind = ArtifactKind | "all"
interface List {
  items: Artifact[]
  next: string | null
  tags: { tag: string; count: number }[]
}

const kinds: readonly Kind[] = ["all", "index", "model", "dataset", "export"]
const shownTags = 12

/** What was built, fetched and exported, found by tag, kind and words. */
export function ArtifactsCard() {
  const [kind, setKind] = useState<Kind>("all")
  const [chosen, setChosen] = useState<readonly string[]>([])
  const [query, setQuery] = useState("")
  const [list, setList] = useState<List | null>(null)
  const [error, setError] = useState<unknown>(null)
  const load = useCallback(
    async (cursor: string | null, signal?: AbortSignal): Promise<void> => {
      try {
        const page = await api("GET /api/artifacts", {
          query: {
            limit: 20,
            ...(kind === "all" ? {} : { kind }),
            ...(chosen.length > 0 ? { tag: chosen.join(",") } : {}),
            ...(query.trim() === "" ? {} : { q: query.trim() }),
            ...(cursor === null ? {} : { cursor }),
          },
          ...(signal ? { signal } : {}),
        })
        setList((shown) => (cursor === null ? page : { ...page, items: [...(shown?.items ?? []), ...page.items] }))
        setError(null)
      } catch (reason) {
        if (!signal?.aborted) setError(reason)
      }
    },
    [kind, chosen, query],
  )
  useEffect(() => {
    const abort = new AbortController()
    void load(null, abort.signal)
    const stop = subscribe("artifacts", (message) => {
      if (message.type === "changed") void load(null, abort.signal)
    })
    return () => {
      abort.abort()
      stop()
    }
  }, [load])
  const isFiltered = kind !== "all" || chosen.length > 0 || query.trim() !== ""
  return (
    <section className="card stack artifacts" data-setting="artifacts" aria-label={strings.title}>
      <h2>{strings.title}</h2>
      <p className="soft">{strings.text}</p>
      <div className="artifacts-filter">
        <Segmented
          label={strings.kind}
          value={kind}
          options={kinds.map((value) => ({ value, label: strings.kinds[value] }))}
          onChange={setKind}
        />
        <SearchField label={strings.search} value={query} onChange={setQuery} className="grow" />
      </div>
      {list && list.tags.length > 0 ? (
        <ul className="plain-list artifacts-tags" aria-label={strings.tags}>
          {list.tags.slice(0, shownTags).map(({ tag, count }) => (
            <li key={tag}>
              <button
                type="button"
                className="artifact-tag"
                aria-pressed={chosen.includes(tag)}
                title={strings.withTag(tag, count)}
                onClick={() =>
                  setChosen(chosen.includes(tag) ? chosen.filter((other) => other !== tag) : [...chosen, tag])
                }
              >
                {tag} <span className="faint numbers">{count}</span>
              </button>
            </li>
          ))}
        </ul>
      ) : null}
      {error ? <Failure error={error} onRetry={() => void load(null)} /> : null}
      {list && list.items.length === 0 && !error ? (
        <p className="soft">{isFiltered ? strings.noMatch : strings.empty}</p>
      ) : null}
      {list && list.items.length > 0 ? (
        <div className="artifacts-list">
          {list.items.map((artifact) => (
            <Row key={artifact.id} artifact={artifact} onChange={() => void load(null)} />
          ))}
        </div>
      ) : null}
      {list?.next ? <Button onClick={() => void load(list.next)}>{strings.more}</Button> : null}
    </section>
  )
}

function Row({ artifact, onChange }: { artifact: Artifact; onChange: () => void }) {
  const { id, name, kind, hash, sizeBytes, provenance, createdAt } = artifact
  const [tags, setTags] = useState(artifact.tags.join(", "))
  const attempt = async (action: () => Promise<unknown>): Promise<void> => {
    try {
      await action()
      onChange()
    } catch (error) {
      toastFailure(error)
    }
  }
  return (
    <details className="artifact">
      <summary>
        <span className="badge">{kind}</span>
        <span className="truncate grow">{name}</span>
        <span className="faint numbers artifact-size">{sizeBytes === null ? "" : formatBytes(sizeBytes)}</span>
        <span className="faint numbers">{formatTime(createdAt)}</span>
      </summary>
      <dl className="artifact-facts">
        {hash ? (
          <div>
            <dt>{strings.hash}</dt>
            <dd>
              <code>{hash}</code>
              <IconButton
                small
                label={strings.copyHash}
                onClick={() => void navigator.clipboard.writeText(hash).then(() => toast(strings.copied))}
              >
                <Copy size={13} />
              </IconButton>
            </dd>
          </div>
        ) : null}
        {Object.entries(provenance).map(([key, value]) =>
          value === null ? null : (
            <div key={key}>
              <dt>{strings.names[key] ?? key}</dt>
              <dd className="numbers">{String(value)}</dd>
            </div>
          ),
        )}
      </dl>
      <form
        className="artifact-edit"
        onSubmit={(event) => {
          event.preventDefault()
          const list = tags.split(",").flatMap((tag) => tag.trim() || [])
          void attempt(() => api("PATCH /api/artifacts/:id", { params: { id }, body: { tags: list } }))
        }}
      >
        <input
          className="field grow"
          aria-label={strings.tagsOf}
          placeholder={strings.tagsOf}
          value={tags}
          onChange={(event) => setTags(event.target.value)}
        />
        <Button small type="submit">
          {strings.saveTags}
        </Button>
        <IconButton
          small
          label={strings.remove}
          onClick={() =>
            void attempt(() => api("DELETE /api/artifacts/:id", { params: { id } })).then(() => toast(strings.removed))
          }
        >
          <Trash2 size={14} />
        </IconButton>
      </form>
    </details>
  )
}
