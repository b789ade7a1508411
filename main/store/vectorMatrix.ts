import { createVectorKernel } from "../../native/vectorKernel/kernel.ts"
import { insertBest, type ScoredRow } from "./bestRows.ts"

/**
 * Int8 codes of unit vectors, each with its own scale, in one WebAssembly memory: a quarter of their size, scanned whole for every
 * query. Scores are cosines, to within about .005, times a factor that is the same for all rows of one query: callers take twice the
 * rows they need and score those again exactly.
 */
export interface VectorMatrix {
  readonly size: number
  /** Bytes held: codes, scales, and which row belongs to which chunk and document. */
  readonly sizeBytes: number
  /** Adds or replaces. False: the vector is zero or not a number; the chunk then has no row. */
  set(seq: number, documentSeq: number, vector: Float32Array): boolean
  /**
   * Adds many at once: `bytes` holds their f32 values one after another, as the table does. `documentOf` gives a chunk's document by its
   * seq; those of no document, and what has no direction, are left out.
   */
  load(seqs: readonly number[], documentOf: Uint32Array, bytes: Uint8Array): void
  delete(seq: number): void
  /**
   * The rows nearest to the vector, best first; equal ones in order of `seq`.
   * @param documents Which documents take part: 1 at the place of their `seq`. Null: all.
   */
  nearest(vector: Float32Array, documents: Uint8Array | null, limit: number): ScoredRow[]
}

const blockRows = 1024
const pageBytes = 65_536
const lanes = 16
/** Vectors that are handed to the kernel at once. */
const sourceRows = 128

export function createVectorMatrix(dimensions: number): VectorMatrix {
  const kernel = createVectorKernel()
  const length = Math.ceil(dimensions / lanes) * lanes
  // Larger values are more precise; above this a sum could leave 32 bits.
  const queryPeak = Math.min(32_767, Math.floor((2 ** 31 - 1) / (127 * length)))
  const queryAt = 0
  const sourceAt = queryAt + 2 * length
  const scoresAt = sourceAt + 4 * length * sourceRows
  const blocksAt = scoresAt + 4 * blockRows
  const blockBytes = blockRows * (4 + length)
  let blocks = 0
  let size = 0
  let seqs = new Uint32Array(blockRows)
  let documentSeqs = new Uint32Array(blockRows)
  /** Row plus one, by seq; 0: none. */
  let places = new Uint32Array(blockRows)

  const blockAt = (row: number): number => blocksAt + Math.floor(row / blockRows) * blockBytes
  const scaleAt = (row: number): number => blockAt(row) + 4 * (row % blockRows)
  const codesAt = (row: number): number => blockAt(row) + 4 * blockRows + length * (row % blockRows)

  function reserve(rows: number): void {
    while (blocks * blockRows < rows) {
      const missing = blocksAt + (blocks + 1) * blockBytes - kernel.memory.buffer.byteLength
      if (missing > 0) kernel.memory.grow(Math.ceil(missing / pageBytes))
      blocks++
    }
    if (seqs.length < rows) {
      // By an eighth: at a million rows, doubling would hold half of it unused.
      const capacity = Math.ceil((rows * 1.125) / blockRows) * blockRows
      seqs = resized(seqs, capacity)
      documentSeqs = resized(documentSeqs, capacity)
    }
  }

  /** Writes the query as int16. False: it has no direction, and nothing is near it. */
  function writeQuery(vector: Float32Array): boolean {
    const largest = vector.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
    if (!(largest > 0 && largest < Number.POSITIVE_INFINITY)) return false
    const query = new Int16Array(kernel.memory.buffer, queryAt, length).fill(0)
    for (let i = 0; i < vector.length; i++) query[i] = Math.round(((vector[i] as number) / largest) * queryPeak)
    return true
  }

  /** Codes the vector at this address of the memory, which has room for one more row. */
  function place(seq: number, documentSeq: number, source: number): boolean {
    const known = places[seq] ?? 0
    const row = known > 0 ? known - 1 : size
    const norm = kernel.quantise(source, length, codesAt(row), scaleAt(row))
    if (!(norm > 1e-12 && norm < Number.POSITIVE_INFINITY)) {
      remove(seq)
      return false
    }
    if (seq >= places.length) places = resized(places, Math.ceil((seq + 1) * 1.125))
    if (known === 0) size++
    seqs[row] = seq
    documentSeqs[row] = documentSeq
    places[seq] = row + 1
    return true
  }

  function remove(seq: number): void {
    const known = places[seq] ?? 0
    if (known === 0) return
    const row = known - 1
    const last = size - 1
    const bytes = new Uint8Array(kernel.memory.buffer)
    bytes.copyWithin(codesAt(row), codesAt(last), codesAt(last) + length)
    bytes.copyWithin(scaleAt(row), scaleAt(last), scaleAt(last) + 4)
    const moved = seqs[last] as number
    seqs[row] = moved
    documentSeqs[row] = documentSeqs[last] as number
    places[moved] = row + 1
    places[seq] = 0
    size--
  }

  return {
    get size() {
      return size
    },
    get sizeBytes() {
      return kernel.memory.buffer.byteLength + seqs.byteLength + documentSeqs.byteLength + places.byteLength
    },
    set(seq, documentSeq, vector) {
      reserve(size + 1)
      const source = new Float32Array(kernel.memory.buffer, sourceAt, length)
      source.set(vector)
      source.fill(0, vector.length)
      return place(seq, documentSeq, sourceAt)
    },
    load(added, documentOf, bytes) {
      reserve(size + added.length)
      const stored = 4 * dimensions
      const padded = 4 * length
      for (let from = 0; from < added.length; from += sourceRows) {
        const count = Math.min(sourceRows, added.length - from)
        const source = new Uint8Array(kernel.memory.buffer, sourceAt, count * padded)
        if (stored === padded) source.set(bytes.subarray(from * stored, (from + count) * stored))
        else {
          source.fill(0)
          for (let n = 0; n < count; n++)
            source.set(bytes.subarray((from + n) * stored, (from + n + 1) * stored), n * padded)
        }
        for (let n = 0; n < count; n++) {
          const seq = added[from + n] as number
          const documentSeq = documentOf[seq] ?? 0
          if (documentSeq > 0) place(seq, documentSeq, sourceAt + n * padded)
        }
      }
    },
    delete: remove,
    nearest(vector, documents, limit) {
      const best: ScoredRow[] = []
      if (limit < 1 || !writeQuery(vector)) return best
      const scores = new Float32Array(kernel.memory.buffer, scoresAt, blockRows)
      let worst = Number.NEGATIVE_INFINITY
      const isIn = (row: number): boolean => documents === null || documents[documentSeqs[row] as number] === 1
      for (let block = 0; block < size; block += blockRows) {
        const end = Math.min(block + blockRows, size)
        let row = block
        while (row < end) {
          // Rows of one document lie together, so what takes part is found in runs, and the rest is not even read.
          let from = row
          if (documents !== null) while (from < end && !isIn(from)) from++
          let to = documents === null ? end : from
          if (documents !== null) while (to < end && isIn(to)) to++
          row = to
          if (from === to) continue
          kernel.score(queryAt, length, codesAt(from), scaleAt(from), to - from, scoresAt)
          for (let n = 0; n < to - from; n++) {
            const score = scores[n] as number
            if (best.length === limit && score < worst) continue
            insertBest(best, { seq: seqs[from + n] as number, score }, limit)
            if (best.length === limit) worst = (best[limit - 1] as ScoredRow).score
          }
        }
      }
      return best
    },
  }
}

function resized(values: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length)
  larger.set(values)
  return larger
}
