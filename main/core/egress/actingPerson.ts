import { AsyncLocalStorage } from "node:async_hooks"

/** Id of the person for whom code runs, wherever it is called from: the ledger of connections names them. */
export const actingPerson = new AsyncLocalStorage<string>()
