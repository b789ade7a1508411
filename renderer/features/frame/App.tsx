// biome-ignore-all lint/a11y/useValidAnchor: a skip link is a link that moves the focus
import { Tooltip } from "radix-ui"
import { lazy, Suspense, useEffect } from "react"
import { useSession } from "../../api/session.ts"
import { connect, useConnection } from "../../api/socket.ts"
import { followMetrics } from "../metrics/metricsStore.ts"
import { followBackends, loadBackends } from "../models/backendsStore.ts"
import { followModels, loadModels } from "../models/modelsStore.ts"
import { loadSession, usePeople } from "../people/peopleStore.ts"
import { WhoIsHere } from "../people/WhoIsHere.tsx"
import { followSettings, loadSettings, useSettings } from "../settings/settingsStore.ts"
import { WakeBanner } from "../wake/WakeBanner.tsx"
import { keepListening } from "../wake/wakeStore.ts"
import { Boundary } from "./Boundary.tsx"
import { goTo, type Page, useFrame } from "./frameStore.ts"
import { followJobs, loadJobs } from "./jobsStore.ts"
import { Rail } from "./Rail.tsx"
import { SidePanel } from "./SidePanel.tsx"
import { SignedOut } from "./SignedOut.tsx"
import { StatusLine } from "./StatusLine.tsx"
import { strings } from "./strings.ts"
import { Toasts } from "./Toasts.tsx"
import { useGlobalKeys } from "./useGlobalKeys.ts"
import "./frame.css"

const views: Record<Page, ReturnType<typeof lazy>> = {
  chat: lazy(() => import("../chat/ChatPage.tsx")),
  documents: lazy(() => import("../documents/DocumentsPage.tsx")),
  models: lazy(() => import("../models/ModelsPage.tsx")),
  memory: lazy(() => import("../memory/MemoryPage.tsx")),
  metrics: lazy(() => import("../metrics/MetricsPage.tsx")),
  activity: lazy(() => import("../activity/ActivityPage.tsx")),
  people: lazy(() => import("../people/PeoplePage.tsx")),
  evaluation: lazy(() => import("../evaluation/EvaluationPage.tsx")),
  datasets: lazy(() => import("../datasets/DatasetsPage.tsx")),
  vault: lazy(() => import("../vault/VaultPage.tsx")),
  settings: lazy(() => import("../settings/SettingsPage.tsx")),
  welcome: lazy(() => import("../firstRun/WelcomePage.tsx")),
}
const Palette = lazy(() => import("./Palette.tsx"))
const ShortcutSheet = lazy(() => import("./ShortcutSheet.tsx"))

export function App() {
  const status = useSession((state) => state.status)
  return (
    <Tooltip.Provider delayDuration={500} skipDelayDuration={200}>
      {status === "signed-out" ? <SignedOut /> : status === "signed-in" ? <Household /> : null}
      <Toasts />
    </Tooltip.Provider>
  )
}

/** Nothing is shown before it is known whose window it is. */
function Household() {
  const status = usePeople((state) => state.status)
  useEffect(() => void loadSession(), [])
  if (status === "starting") return null
  return status === "asking" ? <WhoIsHere /> : <Frame />
}

function Frame() {
  const page = useFrame((state) => state.page)
  const isPaletteOpen = useFrame((state) => state.isPaletteOpen)
  const isShortcutSheetOpen = useFrame((state) => state.isShortcutSheetOpen)
  const announcement = useFrame((state) => state.announcement)
  const firstRunDone = useSettings((state) => state.values.firstRunDone)
  useGlobalKeys()
  useEffect(() => {
    connect()
    void loadSettings()
    void loadModels()
    void loadBackends()
    void loadJobs().catch(() => undefined)
    const stops = [followSettings(), followModels(), followBackends(), followJobs(), followMetrics(), keepListening()]
    return () => {
      for (const stop of stops) stop()
    }
  }, [])
  useConnectionRefresh()
  useEffect(() => {
    if (firstRunDone === false && window.location.hash.length <= 2) goTo("welcome")
  }, [firstRunDone])
  const View = views[page]
  return (
    <div className="frame">
      <a className="skip" href="#main" onClick={focusMain}>
        {strings.skip}
      </a>
      <Rail />
      <div className="frame-middle">
        <Disconnected />
        <WakeBanner />
        <main id="main" tabIndex={-1} aria-label={strings.pages[page]}>
          <Boundary key={page}>
            <Suspense fallback={<PageLoading />}>
              <View />
            </Suspense>
          </Boundary>
        </main>
        <Boundary key={`panel of ${page}`}>
          <SidePanel />
        </Boundary>
        <StatusLine />
      </div>
      {isPaletteOpen ? (
        <Boundary>
          <Suspense>
            <Palette />
          </Suspense>
        </Boundary>
      ) : null}
      <Suspense>{isShortcutSheetOpen ? <ShortcutSheet /> : null}</Suspense>
      <div className="visually-hidden" role="status" aria-live="polite">
        {announcement}
      </div>
    </div>
  )
}

/** Lists may have changed while the connection was away. */
function useConnectionRefresh(): void {
  useEffect(
    () =>
      useConnection.subscribe((state, previous) => {
        if (state.status !== "open" || previous.status === "open") return
        void loadSettings()
        void loadModels()
        void loadBackends()
        void loadJobs().catch(() => undefined)
      }),
    [],
  )
}

function Disconnected() {
  const isClosed = useConnection((state) => state.status === "closed")
  return isClosed ? (
    <div className="disconnected" role="status">
      {strings.disconnected}
    </div>
  ) : null
}

function PageLoading() {
  return (
    <div className="page-loading" role="status" aria-label={strings.loading}>
      <div className="skeleton" style={{ width: 180, height: 24 }} />
      <div className="skeleton" style={{ height: 80 }} />
      <div className="skeleton" style={{ height: 80 }} />
    </div>
  )
}

function focusMain(event: React.MouseEvent): void {
  event.preventDefault()
  document.getElementById("main")?.focus()
}
