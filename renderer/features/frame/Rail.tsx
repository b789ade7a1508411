import {
  Activity,
  Bookmark,
  Boxes,
  FileText,
  Keyboard,
  Monitor,
  Moon,
  Search,
  SlidersHorizontal,
  SquarePen,
  Sun,
} from "lucide-react"
import { Keys } from "../../ui/Keys.tsx"
import { Menu } from "../../ui/Menu.tsx"
import { changeSettings } from "../settings/settingsStore.ts"
import { goTo, type Page, useFrame } from "./frameStore.ts"
import { strings } from "./strings.ts"

const entries: readonly { page: Page; Icon: typeof Activity }[] = [
  { page: "chat", Icon: SquarePen },
  { page: "documents", Icon: FileText },
  { page: "models", Icon: Boxes },
  { page: "memory", Icon: Bookmark },
  { page: "metrics", Icon: Activity },
  { page: "settings", Icon: SlidersHorizontal },
]

export function Rail() {
  const page = useFrame((state) => state.page)
  return (
    <nav className="rail" aria-label={strings.navigation}>
      <button type="button" className="rail-mark" aria-label={strings.pages.welcome} onClick={() => goTo("welcome")}>
        <span aria-hidden />
      </button>
      {entries.map(({ page: target, Icon }) => (
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
        <Menu
          align="start"
          trigger={
            <button type="button" className="avatar" aria-label={strings.menu}>
              {strings.you.slice(0, 1)}
            </button>
          }
          entries={[
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
