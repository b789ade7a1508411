// biome-ignore-all lint/a11y/useSemanticElements: a virtual list cannot be built from table elements
import { EllipsisVertical, RefreshCw, Trash2 } from "lucide-react"
import { memo, useState } from "react"
import { VList } from "virtua"
import type { Document } from "#contract/documents.ts"
import { Button, RowButton } from "../../ui/Button.tsx"
import { formatBytes, formatCount, formatTime } from "../../ui/format.ts"
import { AnchoredMenu } from "../../ui/Menu.tsx"
import { openPanel, toast, useFrame } from "../frame/frameStore.ts"
import { reindexDocument, removeDocument } from "./documentsStore.ts"
import { folderStrings } from "./folderStrings.ts"
import { strings } from "./strings.ts"

const stages = ["parse", "chunk", "embed", "write", "ready"] as const

interface OpenMenu {
  document: Document
  anchor: HTMLElement
}

/** The files of a collection; only the rows on screen exist, so that thousands stay smooth. */
export function DocumentTable({ documents }: { documents: readonly Document[] }) {
  const openId = useFrame((state) => (state.panel?.kind === "document" ? state.panel.documentId : null))
  const [menu, setMenu] = useState<OpenMenu | null>(null)
  const { columns } = strings
  return (
    <div className="document-table" role="table" aria-label={strings.title} aria-rowcount={documents.length + 1}>
      <div className="document-row head" role="row" tabIndex={-1}>
        {[columns.name, columns.kind, columns.length, columns.passages, columns.state, columns.updated, ""].map(
          (title) => (
            <span role="columnheader" key={title} tabIndex={-1}>
              {title || <span className="visually-hidden">{strings.options("")}</span>}
            </span>
          ),
        )}
      </div>
      <VList className="document-rows scroll" data={documents} role="rowgroup" tabIndex={0} aria-label={strings.title}>
        {(document, index) => (
          <Row
            key={document.id}
            document={document}
            index={index + 2}
            isOpen={document.id === openId}
            onMenu={setMenu}
          />
        )}
      </VList>
      <AnchoredMenu
        anchor={menu?.anchor ?? null}
        onClose={() => setMenu(null)}
        entries={menu ? entriesOf(menu.document) : []}
      />
    </div>
  )
}

const entriesOf = (document: Document) => [
  {
    label: strings.reindex,
    icon: <RefreshCw size={14} />,
    onSelect: () => void reindexDocument(document.id),
  },
  {
    label: strings.remove,
    icon: <Trash2 size={14} />,
    isDanger: true,
    onSelect: () => void removeDocument(document.id).then(() => toast(strings.removed(document.title))),
  },
]

interface RowProps {
  document: Document
  index: number
  isOpen: boolean
  onMenu: (menu: OpenMenu) => void
}

const Row = memo(function Row({ document, index, isOpen, onMenu }: RowProps) {
  const open = () => openPanel({ kind: "document", documentId: document.id })
  const length =
    document.pageCount === null ? formatBytes(document.sizeBytes) : strings.pages(document.pageCount, document.kind)
  return (
    <div className={`document-row ${isOpen ? "open" : ""}`} role="row" aria-rowindex={index} tabIndex={-1}>
      <span role="cell" className="document-name">
        <button type="button" className="truncate" onClick={open} title={document.path}>
          {document.title}
        </button>
        {document.isAway ? <span className="badge warning">{folderStrings.away}</span> : null}
        {document.error ? (
          <span className="document-error">
            {document.error.message} <span className="soft">{document.error.remedy}</span>{" "}
            <Button small onClick={() => void reindexDocument(document.id)}>
              {strings.retry}
            </Button>
          </span>
        ) : null}
      </span>
      <span role="cell" className="document-kind">
        {document.kind}
      </span>
      <span role="cell" className="numbers document-length">
        {length}
      </span>
      <span role="cell" className="numbers document-passages">
        {formatCount(document.chunkCount)}
      </span>
      <span role="cell" className="document-state">
        <Steps document={document} />
      </span>
      <span role="cell" className="soft numbers document-updated">
        {formatTime(document.updatedAt)}
      </span>
      <span role="cell">
        <RowButton
          label={strings.options(document.title)}
          aria-haspopup="menu"
          onClick={(event) => onMenu({ document, anchor: event.currentTarget })}
        >
          <EllipsisVertical size={14} />
        </RowButton>
      </span>
    </div>
  )
})

/** Five small steps and the state in a word: never by colour alone. */
export function Steps({ document }: { document: Document }) {
  const at = stages.indexOf(document.stage)
  const status = document.status === "working" ? strings.stages[document.stage] : strings.status[document.status]
  return (
    <span
      className={`steps ${document.status}`}
      title={document.status === "ready" && !document.hasVectors ? strings.wordsOnly : undefined}
    >
      <span className="steps-dots" aria-hidden>
        {stages.map((stage, index) => (
          <i key={stage} className={document.status === "ready" || index < at ? "done" : index === at ? "now" : ""} />
        ))}
      </span>
      <span>{status}</span>
    </span>
  )
}
