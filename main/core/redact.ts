import { homedir } from "node:os"
import { maskPersonalData } from "./pii/maskPersonalData.ts"

const secretNames = /^(.*(key|token|secret|password|authorization|cookie|ticket))$/i

/**
 * Takes out credentials in the shapes they have in messages (bearer values, our own keys, user and password in addresses), the home folder,
 * and personal data as the masking policy says for logs.
 */
export function redact(text: string): string {
  const clean = text
    .replaceAll(/\b(bearer[\s.]+)[\w.~+/=-]{8,}/gi, "$1[hidden]")
    .replaceAll(/\bzg[_-][\w-]{8,}/g, "[hidden]")
    .replaceAll(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/:@]+:[^\s/@]+@/gi, "$1[hidden]@")
    .replaceAll(/([?&#](?:ticket|token|key|api_key)=)[^&\s]+/gi, "$1[hidden]")
    .replaceAll(homedir(), "~")
  return maskPersonalData(clean, "log").text
}

/** The same inside of fields, and whatever stands under a name that secrets have. Numbers and truths are never secrets. */
export function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      secretNames.test(name) && typeof value !== "boolean" && typeof value !== "number" && value !== null
        ? "[hidden]"
        : redactValue(value),
    ]),
  )
}

function redactValue(value: unknown): unknown {
  if (typeof value === "string") return redact(value)
  if (Array.isArray(value)) return value.map(redactValue)
  if (typeof value === "object" && value !== null) return redactFields(value as Record<string, unknown>)
  return value
}
