import { Download, Trash2 } from "lucide-react"
import { useEffect, useState } from "react"
import type { DatasetDiff, DatasetManifest, DatasetRow } from "#contract/datasets.ts"
import { api } from "../../api/client.ts"
import { Button } from "../../ui/Button.tsx"
import { Confirm } from "../../ui/Dialog.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { formatBytes, formatTime } from "../../ui/format.ts"
import { succeeds } from "../frame/attempt.ts"
import { DatasetDiffView } from "./DatasetDiffView.tsx"
import { removeDataset, saveDataset } from "./datasetsStore.ts"
import { RowText } from "./RowText.tsx"
import { countsText, maskedNames, strings } from "./strings.ts"

/** One version: what is in it, where it comes from, and what changed since another one. */
export function DatasetVersion({ manifest, others }: { manifest: DatasetManifest; others: DatasetManifest[] }) {
  const name = strings.version(manifest.dataset, manifest.version)
  const [isOpen, setIsOpen] = useState(false)
  const [isAsked, setIsAsked] = useState(false)
  return (
    <details className="card datasets-version" onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>
        <span className="grow datasets-words">{name}</span>
        {manifest.provenance.recipe.maskPersonalData ? null : (
          <span className="badge warning">{strings.unmaskedBadge}</span>
        )}
        <span className="soft numbers">
          {strings.rows(manifest.counts.rows)} · {formatBytes(manifest.size_bytes)} ·{" "}
          {formatTime(manifest.generated_at)}
        </span>
      </summary>
      {isOpen ? (
        <div className="stack datasets-detail">
          <Manifest manifest={manifest} />
          <div className="row datasets-actions">
            <Button small onClick={() => void succeeds(() => saveDataset(manifest))}>
              <Download size={14} aria-hidden /> {strings.save}
            </Button>
            <Button small variant="danger" onClick={() => setIsAsked(true)}>
              <Trash2 size={14} aria-hidden /> {strings.remove}
            </Button>
          </div>
          {others.length > 0 ? <Comparison id={manifest.id} others={others} /> : null}
          <FirstRows id={manifest.id} />
        </div>
      ) : null}
      <Confirm
        title={strings.removeTitle(name)}
        description={strings.removeText}
        action={strings.remove}
        cancel={strings.cancel}
        isOpen={isAsked}
        onClose={() => setIsAsked(false)}
        onConfirm={() => void succeeds(() => removeDataset(manifest.id))}
      />
    </details>
  )
}

function Manifest({ manifest }: { manifest: DatasetManifest }) {
  const { counts, provenance, consent, licence, sha256 } = manifest
  const texts = strings.manifest
  const lines: [string, string][] = [
    [texts.kinds, countsText(counts.byKind, strings.kinds)],
    [texts.split, strings.split(counts.train, counts.heldOut)],
    [texts.leftOut, countsText(counts.leftOut, strings.reasons)],
    [texts.masked, countsText(counts.masked, maskedNames)],
    [texts.from, strings.from(provenance.conversations, provenance.documents)],
    [texts.licence, licence],
    [texts.agreed, new Date(consent.at).toLocaleString()],
    [texts.seed, String(provenance.recipe.seed)],
    [texts.hash, sha256],
  ]
  return (
    <dl className="datasets-manifest">
      {lines.map(([term, text]) => (
        <div key={term}>
          <dt className="faint">{term}</dt>
          <dd className={term === texts.hash ? "code" : undefined}>{text}</dd>
        </div>
      ))}
    </dl>
  )
}

function Comparison({ id, others }: { id: string; others: DatasetManifest[] }) {
  const [before, setBefore] = useState("")
  const [diff, setDiff] = useState<DatasetDiff | null>(null)
  const [error, setError] = useState<unknown>(null)
  useEffect(() => {
    setDiff(null)
    setError(null)
    if (before === "") return
    const controller = new AbortController()
    api("GET /api/datasets/:id/diff", { params: { id }, query: { before }, signal: controller.signal })
      .then(setDiff)
      .catch((reason: unknown) => {
        if (!controller.signal.aborted) setError(reason)
      })
    return () => controller.abort()
  }, [id, before])
  return (
    <div className="stack datasets-comparison">
      <label className="datasets-field">
        <span>{strings.compare}</span>
        <select className="field" value={before} onChange={(event) => setBefore(event.target.value)}>
          <option value="">{strings.compareNone}</option>
          {others.map((other) => (
            <option key={other.id} value={other.id}>
              {strings.version(other.dataset, other.version)}
            </option>
          ))}
        </select>
      </label>
      {error ? <Failure error={error} /> : null}
      {diff ? <DatasetDiffView diff={diff} /> : null}
    </div>
  )
}

function FirstRows({ id }: { id: string }) {
  const [rows, setRows] = useState<DatasetRow[]>([])
  const [error, setError] = useState<unknown>(null)
  useEffect(() => {
    const controller = new AbortController()
    api("GET /api/datasets/:id", { params: { id }, signal: controller.signal })
      .then((answer) => setRows(answer.rows))
      .catch((reason: unknown) => {
        if (!controller.signal.aborted) setError(reason)
      })
    return () => controller.abort()
  }, [id])
  return (
    <div className="stack datasets-rows">
      <h3>{strings.firstRows}</h3>
      {error ? <Failure error={error} /> : null}
      {rows.map((row) => (
        <RowText key={row.id} row={row} />
      ))}
    </div>
  )
}
