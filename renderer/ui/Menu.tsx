import { DropdownMenu } from "radix-ui"
import type { ReactNode } from "react"

export interface MenuEntry {
  label: string
  icon?: ReactNode
  end?: ReactNode
  isDanger?: boolean
  isDisabled?: boolean
  onSelect: () => void
}

interface MenuProps {
  trigger: ReactNode
  /** `null` draws a line; a string is a heading. */
  entries: readonly (MenuEntry | string | null)[]
  align?: "start" | "end"
}

export function Menu({ trigger, entries, align = "end" }: MenuProps) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <Entries entries={entries} align={align} />
    </DropdownMenu.Root>
  )
}

interface AnchoredMenuProps {
  /** The button that was pressed; null while the menu is closed. */
  anchor: HTMLElement | null
  entries: MenuProps["entries"]
  onClose: () => void
}

/** One menu for all rows of a long list, shown at the row's button: rows that scroll by need none of their own. */
export function AnchoredMenu({ anchor, entries, onClose }: AnchoredMenuProps) {
  if (!anchor) return null
  const { left, top, width, height } = anchor.getBoundingClientRect()
  return (
    <DropdownMenu.Root modal={false} open onOpenChange={(isOpen) => (isOpen ? undefined : onClose())}>
      <DropdownMenu.Trigger asChild>
        <span aria-hidden style={{ position: "fixed", left, top, width, height, pointerEvents: "none" }} />
      </DropdownMenu.Trigger>
      <Entries
        entries={entries}
        align="end"
        label={anchor.getAttribute("aria-label") ?? ""}
        onCloseAutoFocus={(event) => {
          event.preventDefault()
          anchor.focus()
        }}
      />
    </DropdownMenu.Root>
  )
}

interface EntriesProps extends Pick<MenuProps, "entries" | "align"> {
  label?: string
  onCloseAutoFocus?: (event: Event) => void
}

function Entries({ entries, align = "end", label, onCloseAutoFocus }: EntriesProps) {
  return (
    <DropdownMenu.Portal>
      <DropdownMenu.Content
        className="menu scroll"
        align={align}
        sideOffset={4}
        collisionPadding={8}
        {...(label ? { "aria-label": label, "aria-labelledby": undefined } : {})}
        {...(onCloseAutoFocus ? { onCloseAutoFocus } : {})}
      >
        {entries.map((entry, index) => {
          // Entries of a menu are fixed while it is open: their place is their identity.
          const key = `${index}`
          if (entry === null) return <DropdownMenu.Separator className="menu-separator" key={key} />
          if (typeof entry === "string") {
            return (
              <DropdownMenu.Label className="menu-label" key={key}>
                {entry}
              </DropdownMenu.Label>
            )
          }
          return (
            <DropdownMenu.Item
              key={key}
              className={`menu-item ${entry.isDanger ? "danger" : ""}`}
              disabled={entry.isDisabled ?? false}
              onSelect={entry.onSelect}
            >
              {entry.icon}
              <span className="truncate">{entry.label}</span>
              {entry.end ? <span className="end faint">{entry.end}</span> : null}
            </DropdownMenu.Item>
          )
        })}
      </DropdownMenu.Content>
    </DropdownMenu.Portal>
  )
}
