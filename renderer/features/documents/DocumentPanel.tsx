import { RefreshCw, Trash2 } from "lucide-react"
import { useEffect, useRef, useState } from "react"
import type { Document, DocumentSource } from "#contract/documents.ts"
import { api } from "../../api/client.ts"
import { Button } from "../../ui/Button.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { formatBytes, formatCount, formatTime } from "../../ui/format.ts"
import { Notice } from "../../ui/Notice.tsx"
import { closePanel, toast } from "../frame/frameStore.ts"
import { Steps } from "./DocumentTable.tsx"
import { reindexDocument, removeDocument, setTags, useDocuments } from "./documentsStore.ts"
import { PictureView } from "./PictureView.tsx"
import { type SoundHandle, SoundPlayer } from "./SoundPlayer.tsx"
import { SourceText } from "./SourceText.tsx"
import { strings } from "./strings.ts"
import { TagsField } from "./TagsField.tsx"
import { WhyCard } from "./WhyCard.tsx"
import "./documents.css"

/** The inspector of one document. */
export default function DocumentPanel({ documentId }: { documentId: string }) {
  const listed = useDocuments((state) => state.documents.find((entry) => entry.id === documentId) ?? null)
  const [fetched, setFetched] = useState<Document | null>(null)
  const [source, setSource] = useState<DocumentSource | null>(null)
  const [error, setError] = useState<unknown>(null)
  const sound = useRef<SoundHandle>(null)
  const document = listed ?? (fetched?.id === documentId ? fetched : null)
  const status = document?.status
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text is there once the document is ready
  useEffect(() => {
    setError(null)
    const abort = new AbortController()
    const call = { params: { id: documentId }, signal: abort.signal }
    api("GET /api/documents/:id", call)
      .then(setFetched)
      .catch((reason: unknown) => (abort.signal.aborted ? undefined : setError(reason)))
    api("GET /api/documents/:id/source", call)
      .then(setSource)
      .catch(() => setSource(null))
    return () => abort.abort()
  }, [documentId, status])
  if (error && !document) {
    return (
      <div className="side-panel-body">
        <Failure error={error} />
      </div>
    )
  }
  if (!document) return null
  const facts: [string, string][] = [
    [strings.inspector.path, document.path],
    ...(typeof document.datedAt === "number"
      ? [[strings.inspector.dated, formatTime(document.datedAt)] as [string, string]]
      : []),
    [strings.inspector.size, formatBytes(document.sizeBytes)],
    ...(document.pageCount === null
      ? []
      : [[strings.columns.length, strings.pages(document.pageCount, document.kind)] as [string, string]]),
    [strings.inspector.characters, formatCount(document.charCount)],
    [strings.inspector.passages, formatCount(document.chunkCount)],
    [
      strings.inspector.vectors,
      document.status === "failed"
        ? strings.inspector.notFound
        : document.hasVectors
          ? strings.inspector.byMeaning
          : strings.inspector.byWords,
    ],
    [strings.inspector.added, formatTime(document.createdAt)],
  ]
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a long inspector scrolls by keyboard
    <div className="side-panel-body scroll" tabIndex={0}>
      <h3 className="panel-title">{document.title}</h3>
      <Steps document={document} />
      {document.error ? (
        <Notice
          tone="danger"
          title={document.error.message}
          remedy={document.error.remedy}
          code={document.error.code}
        />
      ) : null}
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="numbers">{value}</dd>
          </div>
        ))}
      </dl>
      <TagsField
        key={document.id}
        tags={document.tags ?? []}
        onChange={(tags) =>
          void setTags(document.id, tags).then(() =>
            setFetched((shown) => (shown?.id === document.id ? { ...shown, tags } : shown)),
          )
        }
      />
      <div className="row" style={{ marginBottom: 20 }}>
        <Button small onClick={() => void reindexDocument(document.id)}>
          <RefreshCw size={13} aria-hidden />
          {document.status === "failed" ? strings.retry : strings.reindex}
        </Button>
        <Button
          small
          variant="danger"
          onClick={() => {
            closePanel()
            void removeDocument(document.id).then(() => toast(strings.removed(document.title)))
          }}
        >
          <Trash2 size={13} aria-hidden />
          {strings.remove}
        </Button>
      </div>
      <WhyCard key={`why ${document.id}`} documentId={document.id} />
      {source && source.documentId === documentId && source.text !== "" ? (
        <>
          <h3>{strings.inspector.text}</h3>
          {source.kind === "audio" ? <SoundPlayer documentId={documentId} startMs={0} ref={sound} /> : null}
          {source.kind === "image" ? <PictureView documentId={documentId} title={document.title} /> : null}
          <SourceText source={source} onSeek={source.kind === "audio" ? (ms) => sound.current?.seek(ms) : undefined} />
        </>
      ) : null}
    </div>
  )
}
