import { Tooltip } from "radix-ui"
import type { ComponentProps, ReactNode } from "react"
import { Keys } from "./Keys.tsx"

type ButtonProps = ComponentProps<"button"> & { variant?: "plain" | "primary" | "quiet" | "danger"; small?: boolean }

export function Button({ variant = "plain", small, className = "", ...rest }: ButtonProps) {
  return <button type="button" className={`button ${variant} ${small ? "small" : ""} ${className}`} {...rest} />
}

type IconButtonProps = ComponentProps<"button"> & {
  /** Name for screen readers, and the tooltip. */
  label: string
  /** Shown in the tooltip, for example `Ctrl K`. */
  keys?: string
  small?: boolean
  children: ReactNode
}

export function IconButton({ label, keys, small, className = "", children, ...rest }: IconButtonProps) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>
        <button
          type="button"
          aria-label={label}
          className={`icon-button ${small ? "small" : ""} ${className}`}
          {...rest}
        >
          {children}
        </button>
      </Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content className="tooltip" sideOffset={6} collisionPadding={8}>
          {label}
          {keys ? <Keys keys={keys} /> : null}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  )
}

/** An icon button without a tooltip of its own, for rows that come and go by the hundred while scrolling. */
export function RowButton({ label, className = "", ...rest }: ComponentProps<"button"> & { label: string }) {
  return (
    <button type="button" aria-label={label} title={label} className={`icon-button small ${className}`} {...rest} />
  )
}
