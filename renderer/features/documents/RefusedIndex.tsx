import { useEffect, useState } from "react"
import type { SearchIndex } from "#contract/searchIndex.ts"
import { api } from "../../api/client.ts"
import { subscribe } from "../../api/socket.ts"
import { Button } from "../../ui/Button.tsx"
import { Notice } from "../../ui/Notice.tsx"
import { toast } from "../frame/frameStore.ts"
import { loadJobs } from "../frame/jobsStore.ts"
import { folderStrings as strings } from "./folderStrings.ts"

/** Says when a new search index was not taken over, with the figures, and lets the person take it all the same. */
export function RefusedIndex() {
  const [refused, setRefused] = useState<SearchIndex["refused"]>(null)
  useEffect(() => {
    let isGone = false
    const load = () =>
      void api("GET /api/search-index")
        .then((index) => (isGone ? undefined : setRefused(index.refused)))
        .catch(() => undefined)
    load()
    const stop = subscribe("jobs", (message) => {
      if (message.type === "job" && message.job.kind === "reindex" && message.job.status === "done") load()
    })
    return () => {
      isGone = true
      stop()
    }
  }, [])
  if (!refused) return null
  const use = async () => {
    try {
      await api("POST /api/search-index/use-refused")
      setRefused(null)
      await loadJobs()
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error), { tone: "danger" })
    }
  }
  return (
    <Notice
      tone="warning"
      title={strings.refused.title(refused.kind === "weights" ? strings.refused.newWeights : refused.modelId)}
      remedy={strings.refused.text(refused.before, refused.after, refused.questions)}
      action={
        <Button small onClick={() => void use()}>
          {strings.refused.use}
        </Button>
      }
    />
  )
}
