import { create } from "zustand"
import type { Person, PersonChoice, Role } from "#contract/people.ts"
import type { RouteCall } from "#contract/route.ts"
import type { Routes } from "#contract/routes.ts"
import type { Sharing } from "#contract/sharing.ts"
import { api, asApiError } from "../../api/client.ts"
import { succeeds } from "../frame/attempt.ts"

interface PeopleState {
  /** Whom this window acts as. Null: nobody is chosen, or a key without a window's rights was pasted. */
  me: Person | null
  /** Whom it can be handed to. */
  choices: PersonChoice[]
  /** `asking`: somebody must say who they are. */
  status: "starting" | "asking" | "known"
  items: Person[]
  error: unknown
}

export const usePeople = create<PeopleState>(() => ({
  me: null,
  choices: [],
  status: "starting",
  items: [],
  error: null,
}))

const set = usePeople.setState

/** One person alone is never asked anything. */
export const isShared = (state: PeopleState): boolean => state.choices.length > 1
export const isOwner = (state: PeopleState): boolean => state.me === null || state.me.role === "owner"
/** May show things to others. */
export const mayShare = (state: PeopleState): boolean => state.me?.role === "owner" || state.me?.role === "adult"

export async function loadSession(): Promise<void> {
  try {
    const { person, people } = await api("GET /api/session")
    set({ me: person, choices: people, status: person ? "known" : "asking" })
  } catch {
    // A pasted key that is not a window's acts as whom it belongs to.
    set({ status: "known" })
  }
}

/** Hands the window on. All that is on the screen goes with the page. Null: it worked; else what to tell. */
export async function handTo(personId: string | null, pin?: string): Promise<string | null> {
  try {
    await api("POST /api/session/person", { body: { personId, ...(pin ? { pin } : {}) } })
  } catch (error) {
    const { message, remedy, code } = asApiError(error)
    return code === "access.bad-pin" ? message : [message, remedy].filter(Boolean).join(" ")
  }
  window.location.hash = "#/"
  window.location.reload()
  return null
}

export async function loadPeople(): Promise<void> {
  try {
    const { items } = await api("GET /api/people")
    set({ items, error: null })
  } catch (error) {
    set({ error })
  }
}

type Changes = RouteCall<Routes["PATCH /api/people/:id"]>["body"]

export const addPerson = (name: string, role: Exclude<Role, "owner">, colour: number): Promise<boolean> =>
  changing(() => api("POST /api/people", { body: { name, role, colour } }))

export const changePerson = (id: string, changes: Changes): Promise<boolean> =>
  changing(() => api("PATCH /api/people/:id", { params: { id }, body: changes }))

export const removePerson = (id: string, things: "keep" | "erase"): Promise<boolean> =>
  changing(() => api("DELETE /api/people/:id", { params: { id }, query: { things } }))

export const setPin = (id: string, pin: string | null, current?: string): Promise<boolean> =>
  changing(() => api("PUT /api/people/:id/pin", { params: { id }, body: { pin, ...(current ? { current } : {}) } }))

export const shareCollection = (id: string, sharing: Sharing): Promise<boolean> =>
  succeeds(() => api("PUT /api/collections/:id/sharing", { params: { id }, body: sharing }))

export const shareConversation = (id: string, sharing: Sharing): Promise<boolean> =>
  succeeds(() => api("PUT /api/conversations/:id/sharing", { params: { id }, body: sharing }))

async function changing(action: () => Promise<unknown>): Promise<boolean> {
  const done = await succeeds(action)
  if (done) await Promise.all([loadPeople(), loadSession()])
  return done
}
