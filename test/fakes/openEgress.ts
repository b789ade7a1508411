import type { Egress } from "#core/egress/createEgress.ts"

/** Lets everything out and writes nothing down: for tests that bring their own server. */
export const openEgress: Pick<Egress, "isOffline" | "open" | "fetch"> = {
  isOffline: () => false,
  open: () => ({ count() {}, end() {} }),
  fetch: () => fetch,
}
