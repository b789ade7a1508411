import { ArrowRight, FileUp, FolderUp, Mic } from "lucide-react"
import { useEffect, useRef, useState } from "react"
import { Button } from "../../ui/Button.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { formatBytes } from "../../ui/format.ts"
import { Notice } from "../../ui/Notice.tsx"
import { newKey, setDraft, startNewChat } from "../chat/chatStore.ts"
import { addFiles, followDocuments, loadCollections, useDocuments } from "../documents/documentsStore.ts"
import { type DroppedFile, droppedFiles, pickedFiles } from "../documents/droppedFiles.ts"
import { goTo } from "../frame/frameStore.ts"
import { BundleCard } from "../models/BundleCard.tsx"
import { loadModels, useModels } from "../models/modelsStore.ts"
import { changeSettings } from "../settings/settingsStore.ts"
import { type Microphone, MicrophoneError, type MicrophoneProblem, openMicrophone } from "../voice/microphone.ts"
import { problems } from "../voice/strings.ts"
import { strings } from "./strings.ts"
import "./firstRun.css"

/** The first run is a page: every part can be used or left, in any order. */
export default function WelcomePage() {
  const bundle = useModels((state) => state.bundle)
  const error = useModels((state) => state.error)
  const capabilities = bundle?.capabilities
  useEffect(() => {
    void loadCollections()
    return followDocuments()
  }, [])
  const start = () => {
    void changeSettings({ firstRunDone: true })
    startNewChat()
  }
  return (
    <div className="page scroll">
      <div className="welcome">
        <header className="welcome-head">
          <span className="welcome-mark" aria-hidden />
          <h1>{strings.title}</h1>
          <p className="soft">{strings.lead}</p>
        </header>
        {error && !bundle ? <Failure error={error} onRetry={() => void loadModels()} /> : null}
        {bundle ? (
          <section className="card" aria-label={strings.machine}>
            <h2>{strings.machine}</h2>
            <dl className="machine">
              <div>
                <dt>{strings.cpu}</dt>
                <dd>
                  {bundle.machine.cpu}
                  <span className="faint machine-cores">{strings.cores(bundle.machine.cores)}</span>
                </dd>
              </div>
              <div>
                <dt>{strings.memory}</dt>
                <dd className="numbers">
                  {strings.memoryValue(
                    formatBytes(bundle.machine.memoryBytes),
                    formatBytes(bundle.machine.freeMemoryBytes),
                  )}
                </dd>
              </div>
              <div>
                <dt>{strings.disk}</dt>
                <dd className="numbers">{strings.diskValue(formatBytes(bundle.machine.diskFreeBytes))}</dd>
              </div>
              <div>
                <dt>{strings.gpu}</dt>
                <dd>{bundle.machine.gpu ?? strings.noGpu}</dd>
              </div>
            </dl>
          </section>
        ) : (
          <div className="skeleton" style={{ height: 120 }} />
        )}
        <BundleCard />
        <details className="alternatives">
          <summary>{strings.alternatives}</summary>
          <p className="soft">{strings.alternativesText}</p>
          <Button small onClick={() => goTo("models")}>
            {strings.openModels}
          </Button>
        </details>
        <MicrophoneCard />
        <DocumentsCard />
        <footer className="welcome-foot">
          <p className="soft">
            {bundle?.isComplete
              ? strings.startHint.complete
              : capabilities?.composedAnswers
                ? strings.startHint.composed
                : capabilities?.chat
                  ? strings.startHint.quoting
                  : strings.startHint.nothing}
          </p>
          <Button variant="primary" disabled={!capabilities?.chat} onClick={start}>
            {strings.start}
            <ArrowRight size={15} aria-hidden />
          </Button>
        </footer>
      </div>
    </div>
  )
}

function MicrophoneCard() {
  const [level, setLevel] = useState(0)
  const [hasHeard, setHasHeard] = useState(false)
  const [isOpen, setIsOpen] = useState(false)
  const [problem, setProblem] = useState<MicrophoneProblem | null>(null)
  const microphone = useRef<Microphone | null>(null)
  useEffect(() => () => microphone.current?.close(), [])
  const stop = () => {
    microphone.current?.close()
    microphone.current = null
    setIsOpen(false)
    setLevel(0)
  }
  const test = async () => {
    setProblem(null)
    setHasHeard(false)
    try {
      setIsOpen(true)
      microphone.current = await openMicrophone(null, (_samples, rms) => {
        const next = Math.max(0, Math.min(1, (20 * Math.log10(rms + 1e-6) + 54) / 48))
        setLevel(next)
        if (next > 0.35) setHasHeard(true)
      })
    } catch (error) {
      setIsOpen(false)
      setProblem(error instanceof MicrophoneError ? error.problem : "busy")
    }
  }
  return (
    <section className="card stack" aria-label={strings.microphone} style={{ gap: 12 }}>
      <div className="row" style={{ gap: 16 }}>
        <span className="mic-meter" aria-hidden>
          <span style={{ transform: `scale(${1 + level})`, opacity: 0.2 + level * 0.8 }} />
          <Mic size={16} />
        </span>
        <div className="grow">
          <h2>{strings.microphone}</h2>
          <p className="soft" role="status">
            {isOpen ? (hasHeard ? strings.hears : strings.silent) : strings.microphoneText}
          </p>
        </div>
        <Button onClick={() => (isOpen ? stop() : void test())}>{isOpen ? strings.stopTest : strings.test}</Button>
      </div>
      {problem ? <Notice tone="warning" title={problems[problem].title} remedy={problems[problem].remedy} /> : null}
    </section>
  )
}

function DocumentsCard() {
  const collections = useDocuments((state) => state.collections)
  const files = useRef<HTMLInputElement>(null)
  const folder = useRef<HTMLInputElement>(null)
  const [isOver, setIsOver] = useState(false)
  const count = collections.reduce((sum, collection) => sum + collection.documentCount, 0)
  const sample = collections.find((collection) => collection.isSample)
  const add = (dropped: DroppedFile[]) => void addFiles(dropped, null)
  return (
    <section
      className={`card welcome-documents ${isOver ? "over" : ""}`}
      aria-label={strings.documents}
      onDragOver={(event) => {
        event.preventDefault()
        setIsOver(true)
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setIsOver(false)
        void droppedFiles(event.dataTransfer).then(add)
      }}
    >
      <div className="grow">
        <h2>{strings.documents}</h2>
        <p className="soft">{strings.documentsText}</p>
        {count > 0 ? <p className="numbers">{strings.haveDocuments(count)}</p> : null}
      </div>
      <input
        ref={(element) => {
          folder.current = element
          if (element) element.webkitdirectory = true
        }}
        type="file"
        multiple
        hidden
        onChange={(event) => add(pickedFiles(event.target.files))}
      />
      <input ref={files} type="file" multiple hidden onChange={(event) => add(pickedFiles(event.target.files))} />
      <div className="row" style={{ flexWrap: "wrap" }}>
        <Button onClick={() => folder.current?.click()}>
          <FolderUp size={15} aria-hidden />
          {strings.addFolder}
        </Button>
        <Button onClick={() => files.current?.click()}>
          <FileUp size={15} aria-hidden />
          {strings.addFiles}
        </Button>
        {sample ? (
          <Button
            onClick={() => {
              void changeSettings({ firstRunDone: true })
              setDraft(newKey, strings.sampleQuestion)
              startNewChat()
            }}
          >
            {strings.useSample}
          </Button>
        ) : null}
      </div>
    </section>
  )
}
