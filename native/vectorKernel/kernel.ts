/** `kernel.wat` assembled by `build.ts`, in base64. It is kept here so that a clone and a bundle need no assembler. */
export const kernelCode =
  "AGFzbQEAAAABEgJgBn9/f39/fwBgBH9/f38BfQMDAgABBQMBAAEHHQMGbWVtb3J5AgAFc2NvcmUAAAhxdWFudGlzZQABCu8DAs8BAgJ/A3sCQANAIARFDQH9DAAAAAAAAAAAAAAAAAAAAAAhCP0MAAAAAAAAAAAAAAAAAAAAACEJIAAhByACIAFqIQYDQCAC/QAEACEKIAggCv2HASAH/QAEAP26Af2uASEIIAkgCv2IASAH/QAEEP26Af2uASEJIAdBIGohByACQRBqIgIgBkkNAAsgCCAJ/a4BIQggBSADKgIAIAj9GwAgCP0bAWogCP0bAiAI/RsDamqylDgCACADQQRqIQMgBUEEaiEFIARBAWshBAwACwsLmwIEAn8DewJ9AXsgACEEIAAgAUEEbGohBQNAIAT9AAQAIQYgByAG/eAB/ekBIQcgCCAGIAb95gH95AEhCCAEQRBqIgQgBUkNAAsgCP0fACAI/R8BkiAI/R8CIAj9HwOSkpEhCSAJQ8y8jCteIAlDAACAf11xRQRAIAkPCyAH/R8AIAf9HwGXIAf9HwIgB/0fA5eXIQogAyAKQwAA/kKVIAmVOAIAQwAA/kIgCpX9EyELIAAhBANAIAIgCyAE/QAEAP3mAf1q/fgBIAsgBP0ABBD95gH9av34Af2FASALIAT9AAQg/eYB/Wr9+AEgCyAE/QAEMP3mAf1q/fgB/YUB/WX9CwQAIAJBEGohAiAEQcAAaiIEIAVJDQALIAkL"

export interface VectorKernel {
  /** Everything below is an address in it, in bytes. Views of its buffer end when it grows. */
  memory: WebAssembly.Memory
  /** Scores of consecutive int8 rows: scale times the dot product with the int16 query. `length` is a multiple of 16. */
  score(query: number, length: number, row: number, scale: number, rows: number, score: number): void
  /** Int8 codes and scale of one f32 vector. Returns its norm; a norm that is NaN, infinite or below 1e-12 wrote nothing. */
  quantise(source: number, length: number, row: number, scale: number): number
}

let shared: WebAssembly.Module | undefined

/** The kernel compiled. Threads are handed it: compiling it in each that comes and goes can crash V8 (nodejs/node#64500). */
export const vectorKernelModule = (): WebAssembly.Module =>
  (shared ??= new WebAssembly.Module(Buffer.from(kernelCode, "base64")))

export function adoptVectorKernelModule(module: WebAssembly.Module): void {
  shared = module
}

/** A kernel with a memory of its own, which is freed with it. */
export function createVectorKernel(): VectorKernel {
  const { exports } = new WebAssembly.Instance(vectorKernelModule())
  return exports as unknown as VectorKernel
}
