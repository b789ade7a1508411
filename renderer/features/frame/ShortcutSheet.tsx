import { Dialog } from "../../ui/Dialog.tsx"
import { Keys } from "../../ui/Keys.tsx"
import { useFrame } from "./frameStore.ts"
import { shortcutGroups, strings } from "./strings.ts"

export default function ShortcutSheet() {
  return (
    <Dialog
      title={strings.shortcuts}
      isOpen
      onClose={() => useFrame.setState({ isShortcutSheetOpen: false })}
      className="shortcut-sheet"
    >
      {shortcutGroups.map((group) => (
        <section key={group.title}>
          <h3>{group.title}</h3>
          <dl>
            {group.keys.map(([keys, text]) => (
              <div key={text} className="shortcut-row">
                <dt>{text}</dt>
                <dd>
                  <Keys keys={keys} />
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  )
}
