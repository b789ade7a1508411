import { Trash2 } from "lucide-react"
import { useCallback, useEffect, useState } from "react"
import type { Backup } from "#contract/backups.ts"
import { api } from "../../api/client.ts"
import { Button, IconButton } from "../../ui/Button.tsx"
import { Confirm } from "../../ui/Dialog.tsx"
import { Failure } from "../../ui/Failure.tsx"
import { formatBytes } from "../../ui/format.ts"
import { Notice } from "../../ui/Notice.tsx"
import { Progress } from "../../ui/Progress.tsx"
import { attempt, toastFailure } from "../frame/attempt.ts"
import { toast } from "../frame/frameStore.ts"
import { strings } from "./strings.ts"
import "./backups.css"

type List = Awaited<ReturnType<typeof loadList>>
const loadList = () => api("GET /api/backups")
const pollMs = 500
const timeOf = (at: number): string => new Date(at).toLocaleString()

/** Backups: made, checked, restored and removed. */
export function BackupsCard() {
  const [list, setList] = useState<List | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [asked, setAsked] = useState<{ what: "restore" | "remove"; backup: Backup } | null>(null)
  const [isStarting, setIsStarting] = useState(false)
  const load = useCallback(async (): Promise<void> => {
    try {
      setList(await loadList())
      setError(null)
    } catch (reason) {
      setError(reason)
    }
  }, [])
  useEffect(() => void load(), [load])
  const running = list?.running ?? null
  useEffect(() => {
    if (!running || isStarting) return
    const timer = setTimeout(() => void load(), pollMs)
    return () => clearTimeout(timer)
  }, [running, isStarting, load])

  /** Runs one of the long calls; the list that is read beside it tells how far it is. */
  const run = async (action: () => Promise<unknown>, done: string): Promise<void> => {
    const ended = attempt(action)
    setTimeout(() => void load(), 100)
    if ((await ended) !== null) toast(done)
    await load()
  }
  const restore = async ({ id }: Backup): Promise<void> => {
    const asked = api("POST /api/backups/:id/restore", { params: { id }, body: { confirm: id } })
    setTimeout(() => void load(), 100)
    try {
      await asked
    } catch (reason) {
      toastFailure(reason)
      await load()
      return
    }
    setIsStarting(true)
    await answersAgain()
    // Everything this page knows was of before.
    window.location.reload()
  }
  const isBusy = running !== null || isStarting
  return (
    <section className="card stack backups" data-setting="backups" aria-label={strings.title}>
      <h2>{strings.title}</h2>
      <p className="soft">{strings.text}</p>
      {error && !isStarting ? <Failure error={error} onRetry={() => void load()} /> : null}
      {list?.problem ? <Notice tone="danger" title={`${strings.failed}: ${list.problem}`} /> : null}
      <div className="backups-head">
        <Button
          disabled={isBusy || list === null}
          onClick={() => void run(() => api("POST /api/backups"), strings.made)}
        >
          {strings.make}
        </Button>
        <span className="soft">
          {list === null ? "" : list.nextAt === null ? strings.never : strings.next(timeOf(list.nextAt))}
        </span>
      </div>
      {isBusy ? (
        <div role="status" className="stack">
          <span>{isStarting ? strings.starting : running ? doing[running.doing] : ""}</span>
          <Progress label={strings.title} value={isStarting ? null : (running?.progress ?? null)} />
        </div>
      ) : null}
      {list && list.items.length === 0 ? <p className="soft">{strings.none}</p> : null}
      <ul className="plain-list backups-list">
        {(list?.items ?? []).map((backup) => (
          <li key={backup.id}>
            <span className="grow">
              <span className="numbers">{timeOf(backup.at)}</span>{" "}
              <span className="soft">
                {strings.reasons[backup.reason]} · {strings.size(backup.files, formatBytes(backup.sizeBytes))}
              </span>
            </span>
            <Button
              small
              disabled={isBusy}
              onClick={() =>
                void run(() => api("POST /api/backups/:id/verify", { params: { id: backup.id } }), strings.whole)
              }
            >
              {strings.verify}
            </Button>
            <Button small disabled={isBusy} onClick={() => setAsked({ what: "restore", backup })}>
              {strings.restore}
            </Button>
            <IconButton
              label={strings.remove(timeOf(backup.at))}
              disabled={isBusy}
              onClick={() => setAsked({ what: "remove", backup })}
            >
              <Trash2 size={15} />
            </IconButton>
          </li>
        ))}
      </ul>
      <Confirm
        title={asked?.what === "remove" ? strings.removeTitle : strings.restoreTitle}
        description={
          asked === null
            ? ""
            : (asked.what === "remove" ? strings.removeText : strings.restoreText)(timeOf(asked.backup.at))
        }
        action={asked?.what === "remove" ? strings.removeAction : strings.restore}
        cancel={strings.cancel}
        isOpen={asked !== null}
        onClose={() => setAsked(null)}
        onConfirm={() => {
          if (asked === null) return
          const { id } = asked.backup
          if (asked.what === "restore") void restore(asked.backup)
          else void attempt(() => api("DELETE /api/backups/:id", { params: { id } })).then(load)
        }}
      />
    </section>
  )
}

const doing = { create: strings.making, verify: strings.checking, restore: strings.restoring }

/** Resolves when a core answers that is not about to end: the old one takes a moment to go. */
async function answersAgain(): Promise<void> {
  let wasAway = false
  for (let tries = 0; tries < 120; tries++) {
    await new Promise((resolve) => setTimeout(resolve, pollMs))
    try {
      const { uptime_seconds } = await api("GET /health")
      if (wasAway || uptime_seconds < (tries + 1) * (pollMs / 1000)) return
    } catch {
      wasAway = true
    }
  }
}
