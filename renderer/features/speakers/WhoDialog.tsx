import { Mic, Square } from "lucide-react"
import { useState } from "react"
import type { Identification } from "#contract/speakers.ts"
import { api } from "../../api/client.ts"
import { Button } from "../../ui/Button.tsx"
import { Dialog } from "../../ui/Dialog.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { Notice } from "../../ui/Notice.tsx"
import { problems } from "../voice/strings.ts"
import { LevelMeter } from "./LevelMeter.tsx"
import { useRecorder } from "./recorder.ts"
import { strings } from "./strings.ts"

/** Says something and sees how close it comes to each voice that is known. */
export function WhoDialog({ onClose }: { onClose: () => void }) {
  const recorder = useRecorder("who")
  const [result, setResult] = useState<Identification | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [isAsking, setIsAsking] = useState(false)
  const start = () => {
    setResult(null)
    setError(null)
    recorder.start()
  }
  const finish = async () => {
    const taken = recorder.stop()
    if (!taken) return
    setIsAsking(true)
    try {
      setResult(await api("POST /audio/speaker/identify", { fields: {}, files: [taken.file] }))
    } catch (reason) {
      setError(reason)
    } finally {
      setIsAsking(false)
    }
  }
  return (
    <Dialog title={strings.who} description={strings.whoText} isOpen onClose={onClose}>
      <div className="stack">
        {recorder.isRecording ? <LevelMeter level={recorder.level} seconds={recorder.seconds} /> : null}
        <div role="status" className="stack">
          {isAsking ? strings.asking : null}
          {result ? <Result result={result} /> : null}
        </div>
        {error ? <Failure error={error} /> : null}
        {recorder.problem ? <Notice tone="warning" {...problems[recorder.problem]} /> : null}
      </div>
      <div className="dialog-actions">
        <Button onClick={onClose}>{strings.close}</Button>
        {recorder.isRecording ? (
          <Button variant="primary" onClick={() => void finish()}>
            <Square size={11} fill="currentColor" aria-hidden />
            {strings.stop}
          </Button>
        ) : (
          <Button variant="primary" disabled={isAsking} onClick={start}>
            <Mic size={14} aria-hidden />
            {result || error ? strings.tryAgain : strings.speak}
          </Button>
        )}
      </div>
    </Dialog>
  )
}

function Result({ result }: { result: Identification }) {
  const { identified, candidates, threshold, margin } = result
  return (
    <>
      <p>
        <strong>{identified ? strings.isPerson(identified.name) : strings.isNobody}</strong>
      </p>
      <table className="who-table">
        <caption>{strings.candidates}</caption>
        <thead>
          <tr>
            <th scope="col">{strings.voice}</th>
            <th scope="col">{strings.similarity}</th>
          </tr>
        </thead>
        <tbody>
          {candidates.map(({ id, name, similarity }) => (
            <tr key={id}>
              <td>{name}</td>
              <td className="numbers">{similarity.toFixed(2)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="faint numbers">{strings.decision(threshold.toFixed(2), margin.toFixed(2))}</p>
    </>
  )
}
