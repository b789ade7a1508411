import {
  Activity,
  Bookmark,
  Boxes,
  FileText,
  History,
  Keyboard,
  Monitor,
  Moon,
  Search,
  SlidersHorizontal,
  SquarePen,
  Sun,
  Users,
} from "lucide-react"
import { Keys } from "../../ui/Keys.tsx"
import { PersonMenu } from "../people/PersonMenu.tsx"
import { isShared, usePeople } from "../people/peopleStore.ts"
import { changeSettings } from "../settings/settingsStore.ts"
import { goTo, type Page, useFrame } from "./frameStore.ts"
import { isPageFor } from "./pagesFor.ts"
import { strings } from "./strings.ts"

const entries: readonly { page: Page; Icon: typeof Activity }[] = [
  { page: "chat", Icon: SquarePen },
  { page: "documents", Icon: FileText },
  { page: "models", Icon: Boxes },
  { page: "memory", Icon: Bookmark },
  { page: "metrics", Icon: Activity },
  { page: "activity", Icon: History },
  { page: "people", Icon: Users },
  { page: "settings", Icon: SlidersHorizontal },
]

export function Rail() {
  const page = useFrame((state) => state.page)
  const role = usePeople((state) => state.me?.role ?? "owner")
  const shared = usePeople(isShared)
  const shown = entries.filter(
    // Whoever lives alone needs no People in the rail.
    (entry) => isPageFor(entry.page, role) && (entry.page !== "people" || shared),
  )
  return (
    <nav className={`rail ${shared ? "shared" : ""}`} aria-label={strings.navigation}>
      <button type="button" className="rail-mark" aria-label={strings.pages.welcome} onClick={() => goTo("welcome")}>
        <span aria-hidden />
      </button>
      {shown.map(({ page: target, Icon }) => (
        <a
          key={target}
          href={`#/${target}`}
          className="rail-entry"
          aria-current={page === target ? "page" : undefined}
          onClick={(event) => {
            event.preventDefault()
            goTo(target)
          }}
        >
          <Icon size={18} strokeWidth={1.75} aria-hidden />
          <span>{strings.pages[target]}</span>
        </a>
      ))}
      <div className="rail-foot">
        <PersonMenu
          label={strings.menu}
          alone={strings.you}
          entries={[
            ...(role === "guest"
              ? []
              : [{ label: strings.pages.people, icon: <Users size={15} />, onSelect: () => goTo("people") }]),
            {
              label: strings.palette,
              icon: <Search size={15} />,
              end: <Keys keys="Mod K" />,
              onSelect: () => useFrame.setState({ isPaletteOpen: true }),
            },
            {
              label: strings.shortcuts,
              icon: <Keyboard size={15} />,
              end: <Keys keys="?" />,
              onSelect: () => useFrame.setState({ isShortcutSheetOpen: true }),
            },
            strings.theme,
            {
              label: strings.themes.system,
              icon: <Monitor size={15} />,
              onSelect: () => void changeSettings({ theme: "system" }),
            },
            {
              label: strings.themes.light,
              icon: <Sun size={15} />,
              onSelect: () => void changeSettings({ theme: "light" }),
            },
            {
              label: strings.themes.dark,
              icon: <Moon size={15} />,
              onSelect: () => void changeSettings({ theme: "dark" }),
            },
          ]}
        />
      </div>
    </nav>
  )
}
