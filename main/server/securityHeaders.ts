import type { ServerResponse } from "node:http"

const always: Record<string, string> = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "x-frame-options": "DENY",
  "permissions-policy": "microphone=(self), camera=(), geolocation=(), usb=()",
}

/** Headers of every answer. Data is never kept by caches and never runs as a page. */
export function setSecurityHeaders(response: ServerResponse): void {
  for (const [name, value] of Object.entries(always)) response.setHeader(name, value)
  response.setHeader("content-security-policy", "default-src 'none'; frame-ancestors 'none'")
  response.setHeader("cache-control", "no-store")
}

/** What the window's page may do. `host` is the checked Host header: older browsers do not read `'self'` as including its sockets. */
export const pagePolicy = (host: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    // Style attributes and injected rules of the component library; no script can come in this way.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "media-src 'self' blob:",
    "worker-src 'self' blob:",
    "manifest-src 'self'",
    `connect-src 'self' ws://${host}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ")

/** A page without scripts. */
export const documentPolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
