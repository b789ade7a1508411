import { FileInput } from "lucide-react"
import { useMemo, useState } from "react"
import type { Model, ModelRole } from "#contract/models.ts"
import { Button } from "../../ui/Button.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { formatBytes } from "../../ui/format.ts"
import { Notice } from "../../ui/Notice.tsx"
import { BundleCard } from "./BundleCard.tsx"
import { ImportDialog } from "./ImportDialog.tsx"
import { ModelRow } from "./ModelRow.tsx"
import { loadModels, useModels } from "./modelsStore.ts"
import { OtherServers } from "./OtherServers.tsx"
import { strings } from "./strings.ts"
import "./models.css"

const roles: readonly ModelRole[] = ["llm", "embedder", "reranker", "stt", "tts", "vad", "turn", "speaker", "cloner"]

export default function ModelsPage() {
  const items = useModels((state) => state.items)
  const isLoaded = useModels((state) => state.isLoaded)
  const error = useModels((state) => state.error)
  const isOffline = useModels((state) => state.bundle?.isOffline ?? false)
  const [isImporting, setIsImporting] = useState(false)
  const byRole = useMemo(
    () => roles.map((role) => [role, sorted(items.filter((model) => model.role === role))] as const),
    [items],
  )
  return (
    <div className="page scroll">
      <header className="page-header narrow">
        <h1>{strings.title}</h1>
        <DiskMeter />
        <Button onClick={() => setIsImporting(true)}>
          <FileInput size={15} aria-hidden />
          {strings.import}
        </Button>
      </header>
      <div className="page-body narrow models-body">
        {error ? <Failure error={error} onRetry={() => void loadModels()} /> : null}
        {isOffline ? <Notice tone="warning" title={strings.offline} /> : null}
        {isLoaded ? <BundleCard /> : <div className="skeleton" style={{ height: 160 }} />}
        {byRole.map(([role, models]) =>
          models.length === 0 ? null : (
            <section key={role} aria-label={strings.roles[role].title}>
              <div className="models-role">
                <h2>{strings.roles[role].title}</h2>
                <span className="faint">{strings.roles[role].hint}</span>
              </div>
              <ul className="plain-list model-list">
                {models.map((model) => (
                  <ModelRow key={model.id} model={model} />
                ))}
              </ul>
            </section>
          ),
        )}
        <OtherServers />
      </div>
      {isImporting ? <ImportDialog onClose={() => setIsImporting(false)} /> : null}
    </div>
  )
}

/** Installed first, then by size: what is at hand is at the top. */
function sorted(models: readonly Model[]): Model[] {
  const rank = (model: Model) => (model.status === "installed" ? 0 : model.status === "available" ? 2 : 1)
  return [...models].sort((left, right) => rank(left) - rank(right) || left.sizeBytes - right.sizeBytes)
}

function DiskMeter() {
  const used = useModels((state) => state.diskUsedBytes)
  const free = useModels((state) => state.diskFreeBytes)
  if (used + free === 0) return null
  return (
    <div className="disk-meter">
      <span className="disk-bar" aria-hidden>
        <span style={{ transform: `scaleX(${Math.max(0.02, used / (used + free))})` }} />
      </span>
      <span className="soft numbers">{strings.disk(formatBytes(used), formatBytes(free))}</span>
    </div>
  )
}
