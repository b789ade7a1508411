import { createHash } from "node:crypto"

/** Tells whether two memories say the same, whatever their case, spaces and final dot; says nothing of their words. */
export const memoryKey = (text: string): string =>
  createHash("sha256")
    .update(
      text
        .normalize("NFKC")
        .toLowerCase()
        .replaceAll(/\s+/g, " ")
        .trim()
        .replace(/[.!]+$/, ""),
    )
    .digest("hex")
