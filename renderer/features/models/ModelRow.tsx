import { EllipsisVertical, MemoryStick, Power, ShieldCheck, Trash2 } from "lucide-react"
import { useState } from "react"
import type { Model } from "#contract/models.ts"
import { api } from "../../api/client.ts"
import { Button, IconButton } from "../../ui/Button.tsx"
import { Confirm } from "../../ui/Dialog.tsx"
import { formatBytes, formatCount } from "../../ui/format.ts"
import { Menu } from "../../ui/Menu.tsx"
import { toast } from "../frame/frameStore.ts"
import { useJobs } from "../frame/jobsStore.ts"
import { JobProgress } from "./JobProgress.tsx"
import { pullModel, removeModel, selectModel, setModelLoaded, useModels } from "./modelsStore.ts"
import { strings } from "./strings.ts"
import { useAttempt } from "./useAttempt.ts"

export function ModelRow({ model }: { model: Model }) {
  const job = useJobs((state) => (model.jobId ? (state.jobs[model.jobId] ?? null) : null))
  const isOffline = useModels((state) => state.bundle?.isOffline ?? false)
  const [isRemoving, setIsRemoving] = useState(false)
  const { isBusy, attempt } = useAttempt()
  const isInstalled = model.status === "installed"
  const verify = async () => {
    const result = await api("POST /api/models/:id/verify", { params: { id: model.id } })
    const bad = result.files.find((file) => !file.ok)
    toast(
      result.ok ? strings.verified(model.name) : strings.notVerified(model.name, bad?.reason ?? strings.status.corrupt),
      result.ok ? {} : { tone: "danger" },
    )
  }
  return (
    <li className="model-row">
      <div className="grow stack" style={{ gap: 2 }}>
        <div className="row model-name">
          <strong className="truncate">{model.name}</strong>
          {isInstalled && model.isDefault ? <span className="badge success">{strings.inUse}</span> : null}
          {model.isImported ? <span className="badge">{strings.imported}</span> : null}
          {model.status === "corrupt" ? <span className="badge danger">{strings.status.corrupt}</span> : null}
        </div>
        <div className="soft">{model.status === "corrupt" ? strings.corrupt : model.summary}</div>
        <div className="faint numbers model-facts">
          <Facts model={model} />
        </div>
        {job && !isInstalled ? <JobProgress job={job} /> : null}
      </div>
      <span
        className={`badge ${model.fit.verdict === "fits" ? "success" : model.fit.verdict === "tight" ? "warning" : "danger"}`}
        title={model.fit.reason}
      >
        {strings.fit[model.fit.verdict]}
      </span>
      <div className="row model-actions">
        {isInstalled && !model.isDefault ? (
          <Button small disabled={isBusy} onClick={() => void attempt(() => selectModel(model.id))}>
            {strings.use}
          </Button>
        ) : null}
        {model.status === "available" || model.status === "corrupt" ? (
          <Button small disabled={isBusy || isOffline} onClick={() => void attempt(() => pullModel(model.id))}>
            {strings.pullOne}
          </Button>
        ) : null}
        {isInstalled || model.status === "corrupt" ? (
          <Menu
            trigger={
              <IconButton small label={strings.options(model.name)}>
                <EllipsisVertical size={14} />
              </IconButton>
            }
            entries={[
              ...(isInstalled
                ? [
                    {
                      label: model.load === "loaded" ? strings.unload : strings.loadNow,
                      icon: model.load === "loaded" ? <MemoryStick size={14} /> : <Power size={14} />,
                      onSelect: () => void attempt(() => setModelLoaded(model.id, model.load !== "loaded")),
                    },
                  ]
                : []),
              { label: strings.verify, icon: <ShieldCheck size={14} />, onSelect: () => void attempt(verify) },
              null,
              {
                label: `${strings.remove} (${formatBytes(model.sizeBytes)})`,
                icon: <Trash2 size={14} />,
                isDanger: true,
                onSelect: () => setIsRemoving(true),
              },
            ]}
          />
        ) : null}
      </div>
      <Confirm
        isOpen={isRemoving}
        title={strings.removeTitle(model.name)}
        description={strings.removeText(formatBytes(model.sizeBytes))}
        action={strings.remove}
        cancel={strings.keep}
        onClose={() => setIsRemoving(false)}
        onConfirm={() =>
          void attempt(async () => {
            toast(strings.freed(formatBytes(await removeModel(model.id))))
          })
        }
      />
    </li>
  )
}

function Facts({ model }: { model: Model }) {
  const parts = [
    formatBytes(model.sizeBytes),
    model.status === "installed" ? strings.load[model.load] : null,
    model.tokensPerSecond === null ? null : strings.speed(model.tokensPerSecond.toFixed(0)),
    model.contextTokens === null ? null : strings.context(formatCount(model.contextTokens)),
    model.status === "installed" ? null : strings.from(model.source),
  ].filter((part) => part !== null)
  return (
    <>
      {parts.join(" · ")}
      {" · "}
      {model.licenceUrl ? (
        <a
          href={model.licenceUrl}
          target="_blank"
          rel="noreferrer noopener"
          aria-label={strings.licence(model.licence)}
        >
          {model.licence}
        </a>
      ) : (
        model.licence
      )}
    </>
  )
}
