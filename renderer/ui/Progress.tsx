interface ProgressProps {
  label: string
  /** 0..1; null while the size is unknown. */
  value: number | null
  state?: "running" | "paused" | "failed"
}

export function Progress({ label, value, state = "running" }: ProgressProps) {
  const known = value === null ? undefined : Math.round(value * 100)
  return (
    <div
      className={`progress ${state} ${value === null ? "unknown" : ""}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={known}
    >
      <span style={value === null ? undefined : { transform: `scaleX(${value})` }} />
    </div>
  )
}
