import { expect, it } from "vitest"
import { isWebAddress } from "../../main/cli/ingest.ts"

it("takes whatever is written as an address for one, so that the core says which addresses are fetched", () => {
  for (const address of ["https://example.org/a", "HTTP://x", "file:///etc/hosts", "ftp://x/y", "https://"])
    expect([address, isWebAddress(address)]).toEqual([address, true])
  for (const path of ["manual.pdf", "./a b", "C:\\manuals", "C:/manuals", "/a://b", "https:"])
    expect([path, isWebAddress(path)]).toEqual([path, false])
})
