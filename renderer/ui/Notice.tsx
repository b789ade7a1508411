import { CircleAlert, Info, TriangleAlert } from "lucide-react"
import type { ReactNode } from "react"

interface NoticeProps {
  tone?: "info" | "warning" | "danger"
  title: string
  remedy?: string | undefined
  code?: string | undefined
  action?: ReactNode
}

/** What happened, what was kept, what to do. */
export function Notice({ tone = "info", title, remedy, code, action }: NoticeProps) {
  const Icon = tone === "danger" ? CircleAlert : tone === "warning" ? TriangleAlert : Info
  return (
    <div className={`notice ${tone}`} role={tone === "danger" ? "alert" : "status"}>
      <Icon size={16} aria-hidden />
      <div className="grow stack" style={{ gap: 2 }}>
        <div>{title}</div>
        {remedy ? <div className="soft">{remedy}</div> : null}
        {code ? <code className="code">{code}</code> : null}
      </div>
      {action}
    </div>
  )
}

interface EmptyProps {
  icon: ReactNode
  title: string
  text: string
  action?: ReactNode
}

export function Empty({ icon, title, text, action }: EmptyProps) {
  return (
    <div className="empty">
      <div className="empty-icon">{icon}</div>
      <h2>{title}</h2>
      <p>{text}</p>
      {action}
    </div>
  )
}
