import { z } from "zod"
import { ok } from "./common.ts"
import type { RouteTable } from "./route.ts"

/** Where a secret lies: the environment, the system's keychain, the encrypted vault, or a private file that is not encrypted. */
export const secretSource = z.enum(["env", "keychain", "vault", "file"])
const secretName = z.string().regex(/^[a-z0-9][a-z0-9.:_-]{0,99}$/, "small letters, digits and . : _ - only")

export const secretRoutes = {
  "GET /api/secrets": {
    summary: "Names of the secrets that are set, and where each lies. Never a value.",
    scope: "owner",
    output: z.object({
      items: z.array(z.object({ name: z.string(), source: secretSource })),
      /** Where a new one would go. */
      place: secretSource,
    }),
  },
  "PUT /api/secrets/:name": {
    summary: "Set a secret.",
    scope: "owner",
    audit: "secret.set",
    params: z.strictObject({ name: secretName }),
    body: z.strictObject({ value: z.string().min(1).max(16_384) }),
    output: z.object({ name: z.string(), source: secretSource }),
    errors: ["request.conflict", "secrets.locked"],
  },
  "DELETE /api/secrets/:name": {
    summary: "Forget a secret.",
    scope: "owner",
    audit: "secret.forget",
    params: z.strictObject({ name: secretName }),
    output: ok,
  },
} as const satisfies RouteTable
