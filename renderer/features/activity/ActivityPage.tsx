import { Segmented } from "../../ui/Segmented.tsx"
import { goTo, useFrame } from "../frame/frameStore.ts"
import { AuditTab } from "./AuditTab.tsx"
import { CheckTab } from "./CheckTab.tsx"
import { EgressTab } from "./EgressTab.tsx"
import { LogsTab } from "./LogsTab.tsx"
import { strings } from "./strings.ts"
import { TimelineTab } from "./TimelineTab.tsx"
import "./activity.css"

type Tab = keyof typeof strings.tabs
const tabs = Object.keys(strings.tabs) as Tab[]
const views: Record<Tab, () => React.JSX.Element> = {
  timeline: TimelineTab,
  logs: LogsTab,
  audit: AuditTab,
  egress: EgressTab,
  check: CheckTab,
}

/** What happened, what is said while it works, who did what, what left this computer, and whether all is well. */
export default function ActivityPage() {
  const detail = useFrame((state) => state.detail)
  const tab = tabs.find((name) => name === detail) ?? "timeline"
  const View = views[tab]
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the page scrolls by keyboard
    <div className="page scroll" tabIndex={0}>
      <header className="page-header activity-column">
        <h1 className="grow">{strings.title}</h1>
        <Segmented
          label={strings.view}
          value={tab}
          options={tabs.map((value) => ({ value, label: strings.tabs[value] }))}
          onChange={(value) => goTo("activity", value)}
        />
      </header>
      <div className="page-body activity-column activity-body">
        <View />
      </div>
    </div>
  )
}
