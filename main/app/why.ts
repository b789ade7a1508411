import { shownPassages } from "#chat/shownPassages.ts"
import type { Embedder } from "#engines/types.ts"
import type { RetrieveDeps } from "#rag/retrieve.ts"
import { inspect } from "#rag/why/inspect.ts"
import type { ServerDeps } from "#server/deps.ts"
import type { Store } from "#store/types.ts"

/** `why`: the same retrieval that answers, followed for one document. */
export const createWhy =
  (deps: {
    store: Store
    retrieval: RetrieveDeps
    embedder: () => Embedder | null
    topK: () => number
    passageTokens: () => number
  }): ServerDeps["why"] =>
  (actor, asked, signal) =>
    inspect(
      actor,
      asked,
      {
        ...deps,
        shown: (question, retrieval, inner) => shownPassages(question, retrieval, deps.passageTokens(), inner),
      },
      signal,
    )
