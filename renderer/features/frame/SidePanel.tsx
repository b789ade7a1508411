import { X } from "lucide-react"
import { lazy, Suspense, useEffect, useRef } from "react"
import { IconButton } from "../../ui/Button.tsx"
import { closePanel, type Panel, useFrame } from "./frameStore.ts"
import { strings } from "./strings.ts"

const SourcePanel = lazy(() => import("../documents/SourcePanel.tsx"))
const DocumentPanel = lazy(() => import("../documents/DocumentPanel.tsx"))
const TurnPanel = lazy(() => import("../metrics/TurnPanel.tsx"))

/** Sources, the document inspector and turn details; closes to nothing. */
export function SidePanel() {
  const panel = useFrame((state) => state.panel)
  const heading = useRef<HTMLHeadingElement>(null)
  const opener = useRef<Element | null>(null)
  const isOpen = panel !== null
  useEffect(() => {
    if (!isOpen) return
    opener.current = document.activeElement
    heading.current?.focus({ preventScroll: true })
    return () => {
      if (opener.current instanceof HTMLElement && opener.current.isConnected) opener.current.focus()
    }
  }, [isOpen])
  if (!panel) return null
  return (
    <aside
      className="side-panel"
      aria-label={strings.panel}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return
        event.stopPropagation()
        closePanel()
      }}
    >
      <header className="side-panel-header">
        <h2 ref={heading} tabIndex={-1} className="grow truncate">
          {strings.panels[panel.kind]}
        </h2>
        <IconButton label={strings.close} keys="Esc" onClick={closePanel}>
          <X size={16} />
        </IconButton>
      </header>
      <Suspense>
        <PanelBody panel={panel} />
      </Suspense>
    </aside>
  )
}

function PanelBody({ panel }: { panel: Panel }) {
  switch (panel.kind) {
    case "passages":
      return <SourcePanel passages={panel.passages} index={panel.index} queryId={panel.queryId} />
    case "document":
      return <DocumentPanel documentId={panel.documentId} />
    case "turn":
      return <TurnPanel message={panel.message} />
  }
}
