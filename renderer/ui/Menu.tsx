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
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu scroll" align={align} sideOffset={4} collisionPadding={8}>
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
    </DropdownMenu.Root>
  )
}
