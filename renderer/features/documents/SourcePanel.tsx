import { ChevronLeft, ChevronRight, FileText } from "lucide-react"
import { useEffect, useState } from "react"
import type { DocumentSource } from "#contract/documents.ts"
import type { Passage } from "#contract/turns.ts"
import { api } from "../../api/client.ts"
import { Button, IconButton } from "../../ui/Button.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { openPanel } from "../frame/frameStore.ts"
import { SourceText } from "./SourceText.tsx"
import { strings } from "./strings.ts"
import "./documents.css"

/** The passage behind a citation, highlighted in its document. */
export default function SourcePanel({ passages, index }: { passages: Passage[]; index: number }) {
  const passage = passages[index]
  const [source, setSource] = useState<DocumentSource | null>(null)
  const [error, setError] = useState<unknown>(null)
  const documentId = passage?.documentId
  const chunkId = passage?.chunkId
  useEffect(() => {
    if (!documentId || !chunkId) return
    setError(null)
    const abort = new AbortController()
    api("GET /api/documents/:id/source", {
      params: { id: documentId },
      query: { chunk: chunkId },
      signal: abort.signal,
    })
      .then(setSource)
      .catch((reason: unknown) => (abort.signal.aborted ? undefined : setError(reason)))
    return () => abort.abort()
  }, [documentId, chunkId])
  if (!passage) return null
  const show = (next: number) => openPanel({ kind: "passages", passages, index: next })
  const place = [...passage.headingPath, ...(passage.page === null ? [] : [strings.source.page(passage.page)])].join(
    " › ",
  )
  const isLoaded = source?.documentId === passage.documentId
  return (
    <>
      <div className="source-head">
        <div className="grow">
          <h3 className="panel-title truncate" title={passage.title}>
            {passage.title}
          </h3>
          <div className="faint truncate" title={passage.path}>
            {place || passage.path}
          </div>
        </div>
        <span className="numbers faint">{strings.source.position(index + 1, passages.length)}</span>
        <IconButton small label={strings.source.previous} disabled={index === 0} onClick={() => show(index - 1)}>
          <ChevronLeft size={15} />
        </IconButton>
        <IconButton
          small
          label={strings.source.next}
          disabled={index === passages.length - 1}
          onClick={() => show(index + 1)}
        >
          <ChevronRight size={15} />
        </IconButton>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a document scrolls by keyboard */}
      <div className="side-panel-body scroll" tabIndex={0}>
        {error ? (
          <>
            <Failure error={error} />
            <blockquote className="source-quote">{passage.text}</blockquote>
          </>
        ) : isLoaded ? (
          <SourceText source={source} />
        ) : (
          <div className="stack" style={{ gap: 10 }}>
            <div className="skeleton" style={{ height: 14 }} />
            <div className="skeleton" style={{ height: 14 }} />
            <div className="skeleton" style={{ height: 14, width: "70%" }} />
          </div>
        )}
      </div>
      <div className="source-foot">
        <details>
          <summary>{strings.source.why}</summary>
          <dl className="facts">
            <div>
              <dt>{strings.source.score}</dt>
              <dd className="numbers">{passage.score.toFixed(2)}</dd>
            </div>
            <div>
              <dt>{strings.source.similarity}</dt>
              <dd className="numbers">{passage.similarity.toFixed(2)}</dd>
            </div>
          </dl>
        </details>
        <Button small onClick={() => openPanel({ kind: "document", documentId: passage.documentId })}>
          <FileText size={13} aria-hidden />
          {strings.source.openDocument}
        </Button>
      </div>
    </>
  )
}
