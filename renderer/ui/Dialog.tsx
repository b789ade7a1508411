import { Dialog as Primitive } from "radix-ui"
import type { ReactNode } from "react"
import { Button } from "./Button.tsx"

interface DialogProps {
  title: string
  isOpen: boolean
  onClose: () => void
  children: ReactNode
  description?: string
  className?: string
}

export function Dialog({ title, isOpen, onClose, children, description, className = "" }: DialogProps) {
  return (
    <Primitive.Root open={isOpen} onOpenChange={(open) => (open ? undefined : onClose())}>
      <Primitive.Portal>
        <Primitive.Overlay className="scrim" />
        <Primitive.Content
          className={`dialog ${className}`}
          {...(description ? {} : { "aria-describedby": undefined })}
        >
          <Primitive.Title asChild>
            <h2>{title}</h2>
          </Primitive.Title>
          {description ? <Primitive.Description className="soft">{description}</Primitive.Description> : null}
          {children}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  )
}

interface ConfirmProps {
  title: string
  description: string
  action: string
  cancel: string
  isOpen: boolean
  onClose: () => void
  onConfirm: () => void
}

/** Asks before something that cannot be undone. */
export function Confirm({ title, description, action, cancel, isOpen, onClose, onConfirm }: ConfirmProps) {
  return (
    <Dialog title={title} description={description} isOpen={isOpen} onClose={onClose}>
      <div className="dialog-actions">
        <Button onClick={onClose}>{cancel}</Button>
        <Button
          variant="danger"
          onClick={() => {
            onConfirm()
            onClose()
          }}
        >
          {action}
        </Button>
      </div>
    </Dialog>
  )
}
