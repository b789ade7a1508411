import { useModels } from "../models/modelsStore.ts"
import { useSettings } from "./settingsStore.ts"
import { strings } from "./strings.ts"

/** What is stored where, and what left the machine. */
export function PrivacyCard() {
  const dataDir = useSettings((state) => state.dataDir)
  const isOffline = useModels((state) => state.bundle?.isOffline ?? false)
  return (
    <section className="card stack" style={{ gap: 12 }} data-setting="privacy" aria-label={strings.privacy}>
      <h2>{strings.privacy}</h2>
      <p>
        {strings.privacyText} <code className="path">{dataDir}</code>
      </p>
      <dl className="privacy-list">
        {strings.stored.map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="soft">{text}</dd>
          </div>
        ))}
        <div>
          <dt>{strings.outbound}</dt>
          <dd className="soft">{isOffline ? strings.outboundOffline : strings.outboundNothing}</dd>
        </div>
      </dl>
    </section>
  )
}
