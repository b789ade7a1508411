/** `node native/vectorKernel/build.ts`: writes the assembled kernel into `kernel.ts`. Needed after `kernel.wat` has changed. */
import { readFileSync, writeFileSync } from "node:fs"
import { assemble } from "./assemble.ts"

const target = new URL("./kernel.ts", import.meta.url)
const code = await assemble()
writeFileSync(target, readFileSync(target, "utf8").replace(/(?<=kernelCode =\s*")[^"]*/, code))
