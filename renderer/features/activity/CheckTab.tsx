import { Stethoscope } from "lucide-react"
import { useState } from "react"
import type { DoctorFinding } from "#contract/ops.ts"
import type { SupportFile } from "#contract/support.ts"
import { api, apiBytes, saveAs } from "../../api/client.ts"
import { Button } from "../../ui/Button.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { formatBytes } from "../../ui/format.ts"
import { strings } from "./strings.ts"

const texts = strings.check

/** Doctor, and the file that tells somebody else what is wrong. */
export function CheckTab() {
  return (
    <>
      <Doctor />
      <SupportCard />
    </>
  )
}

function Doctor() {
  const [findings, setFindings] = useState<DoctorFinding[] | null>(null)
  const [isRunning, setIsRunning] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const run = () => {
    setIsRunning(true)
    setError(null)
    api("GET /diagnostics/doctor")
      .then((result) => setFindings(result.findings))
      .catch(setError)
      .finally(() => setIsRunning(false))
  }
  const needing = findings?.filter(({ status }) => status === "error" || status === "warning") ?? []
  const others = findings?.filter(({ status }) => status === "ok" || status === "not-run") ?? []
  return (
    <section className="stack" style={{ gap: 12 }} aria-label={strings.tabs.check}>
      <p className="soft">{texts.intro}</p>
      <div className="row" role="status">
        <Button variant="primary" onClick={run} disabled={isRunning}>
          <Stethoscope size={15} aria-hidden /> {isRunning ? texts.running : texts.run}
        </Button>
        {findings && !isRunning ? (
          <span>{needing.length === 0 ? texts.allGood : texts.problems(needing.length)}</span>
        ) : null}
      </div>
      {error ? <Failure error={error} onRetry={run} /> : null}
      {needing.length > 0 ? <Findings findings={needing} /> : null}
      {others.length > 0 ? (
        <details>
          <summary>{texts.showFine(others.length)}</summary>
          <Findings findings={others} />
        </details>
      ) : null}
    </section>
  )
}

function Findings({ findings }: { findings: readonly DoctorFinding[] }) {
  return (
    <ul className="plain-list findings">
      {findings.map((finding) => (
        <li key={finding.code} className="card finding">
          <span
            className={`badge ${finding.status === "ok" ? "success" : finding.status === "error" ? "danger" : finding.status === "warning" ? "warning" : ""}`}
          >
            {texts.status[finding.status]}
          </span>
          <div className="grow">
            <div>{finding.message}</div>
            {finding.remedy ? <div className="soft">{finding.remedy}</div> : null}
            <code className="faint">{finding.code}</code>
          </div>
        </li>
      ))}
    </ul>
  )
}

function SupportCard() {
  const [hide, setHide] = useState("")
  const [preview, setPreview] = useState<{ files: SupportFile[]; hidden: { word: string; count: number }[] } | null>(
    null,
  )
  const [isBusy, setIsBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const query = { hide: hide.trim() || undefined }
  const busy = (work: Promise<unknown>) => {
    setIsBusy(true)
    setError(null)
    work.catch(setError).finally(() => setIsBusy(false))
  }
  return (
    <section className="card stack" style={{ gap: 12 }} aria-label={texts.bundleTitle}>
      <h2>{texts.bundleTitle}</h2>
      <p className="soft">{texts.bundleText}</p>
      <label className="stack" style={{ gap: 4 }}>
        <span>{texts.hide}</span>
        <input
          className="field"
          placeholder={texts.hideHint}
          value={hide}
          onChange={(event) => setHide(event.target.value)}
        />
      </label>
      <div className="row">
        <Button
          disabled={isBusy}
          onClick={() => busy(api("GET /diagnostics/bundle/preview", { query }).then(setPreview))}
        >
          {texts.preview}
        </Button>
        <Button
          disabled={isBusy}
          onClick={() =>
            busy(apiBytes("GET /diagnostics/bundle", { query }).then((answer) => saveAs(answer, "zenglow-support.zip")))
          }
        >
          {texts.save}
        </Button>
        {preview ? (
          <span className="faint numbers">
            {texts.size(formatBytes(preview.files.reduce((sum, file) => sum + file.sizeBytes, 0)))}
          </span>
        ) : null}
      </div>
      {error ? <Failure error={error} /> : null}
      {preview && preview.hidden.length > 0 ? (
        <ul className="plain-list soft">
          {preview.hidden.map(({ word, count }) => (
            <li key={word}>{texts.hidden(word, count)}</li>
          ))}
        </ul>
      ) : null}
      {preview?.files.map((file) => (
        <details key={file.name}>
          <summary>
            {file.name} <span className="faint numbers">{formatBytes(file.sizeBytes)}</span>
          </summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long file scrolls by keyboard */}
          <pre className="support-file scroll" tabIndex={0}>
            {file.text}
          </pre>
        </details>
      ))}
    </section>
  )
}
