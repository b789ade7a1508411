import type { Model } from "#contract/models.ts"
import { formatBytes } from "../../ui/format.ts"
import { isDown, type ModelChoice } from "./chatModel.ts"
import { strings } from "./strings.ts"

interface ModelCardProps {
  id: string
  choice: ModelChoice
  isActive: boolean
  isSelected: boolean
  onSelect: () => void
}

/** One choice of the carousel. */
export function ModelCard({ id, choice, isActive, isSelected, onSelect }: ModelCardProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list handles the keys, as a listbox does
    <div
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={isSelected}
      className={`model-card ${isActive ? "active" : ""}`}
      onClick={onSelect}
    >
      {choice.kind === "local" ? (
        <LocalModel model={choice.model} isActive={isActive} />
      ) : choice.kind === "server" ? (
        <ServerModel choice={choice} isActive={isActive} />
      ) : (
        <>
          <div className="row">
            <span className={`dot ${isActive ? "loaded" : "unloaded"}`} aria-hidden />
            <strong className="truncate grow">{strings.automatic}</strong>
          </div>
          <div className="faint">{strings.automaticHint}</div>
        </>
      )}
    </div>
  )
}

function LocalModel({ model, isActive }: { model: Model; isActive: boolean }) {
  const state =
    model.status === "installed"
      ? strings.state[model.load]
      : strings.state[model.status === "downloading" ? "downloading" : "available"]
  return (
    <>
      <div className="row">
        <span className={`dot ${isActive ? model.load : "unloaded"}`} aria-hidden />
        <strong className="truncate grow">{model.name}</strong>
      </div>
      <div className="faint numbers">
        {formatBytes(model.sizeBytes)} ·{" "}
        {model.tokensPerSecond === null ? strings.notMeasured : strings.measured(model.tokensPerSecond.toFixed(0))}
      </div>
      <div className="row model-card-foot">
        <span
          className={`badge ${model.fit.verdict === "fits" ? "success" : model.fit.verdict === "tight" ? "warning" : "danger"}`}
          title={model.fit.reason}
        >
          {strings.fits[model.fit.verdict]}
        </span>
        <span className="faint">{state}</span>
      </div>
    </>
  )
}

function ServerModel({ choice, isActive }: { choice: Extract<ModelChoice, { kind: "server" }>; isActive: boolean }) {
  const { server, modelId } = choice
  const down = isDown(server)
  return (
    <>
      <div className="row">
        <span className={`dot ${down ? "failed" : isActive ? "loaded" : "unloaded"}`} aria-hidden />
        <strong className="truncate grow">{modelId}</strong>
      </div>
      <div className="faint truncate">{strings.ofServer(server.name, server.host)}</div>
      <div className="row model-card-foot">
        {down ? (
          <span className="badge danger">{strings.serverDown}</span>
        ) : server.leavesMachine ? (
          <span className="badge warning">{strings.leaves}</span>
        ) : (
          <span className="badge success">{strings.stays}</span>
        )}
      </div>
    </>
  )
}
