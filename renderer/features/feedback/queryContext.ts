import { createContext } from "react"

/** Names the list that the answer around showed; null where nothing of it is kept. */
export const QueryContext = createContext<string | null>(null)
