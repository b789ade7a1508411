import { X } from "lucide-react"
import { Button, IconButton } from "../../ui/Button.tsx"
import { dismissToast, useFrame } from "./frameStore.ts"
import { strings } from "./strings.ts"

export function Toasts() {
  const toasts = useFrame((state) => state.toasts)
  return (
    <div className="toasts" role="status" aria-live="polite">
      {toasts.map((toast) => (
        <div className={`toast ${toast.tone}`} key={toast.id}>
          <span>{toast.text}</span>
          {toast.action ? (
            <Button
              small
              onClick={() => {
                toast.action?.run()
                dismissToast(toast.id)
              }}
            >
              {toast.action.label}
            </Button>
          ) : null}
          <IconButton small label={strings.dismiss} onClick={() => dismissToast(toast.id)}>
            <X size={14} />
          </IconButton>
        </div>
      ))}
    </div>
  )
}
