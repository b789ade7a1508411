import { useEffect, useState } from "react"
import type { Document } from "#contract/documents.ts"
import { api } from "../../api/client.ts"

const shown = 6
const pauseMs = 120

/** Documents whose name fits what was typed behind an `@`. Null: nothing was. */
export function useMentions(word: string | null): Document[] {
  const [documents, setDocuments] = useState<Document[]>([])
  useEffect(() => {
    if (word === null) {
      setDocuments([])
      return
    }
    const controller = new AbortController()
    const timer = setTimeout(() => {
      const query = { limit: shown, status: "ready" as const, ...(word ? { q: word } : {}) }
      api("GET /api/documents", { query, signal: controller.signal })
        .then(({ items }) => setDocuments(items))
        .catch(() => setDocuments([]))
    }, pauseMs)
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [word])
  return documents
}
