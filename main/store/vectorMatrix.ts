export interface ScoredRow {
  seq: number
  /** Cosine, −1..1. */
  similarity: number
}

/** Unit vectors in one contiguous block, with the collection of each, for exact search. */
export interface VectorMatrix {
  readonly size: number
  /** Adds or replaces. The vector is normalised and copied. */
  set(seq: number, collectionSeq: number, vector: Float32Array): void
  delete(seq: number): void
  /** The rows of these collections (null: all) nearest to the vector, best first; equal ones in order of `seq`. */
  nearest(vector: Float32Array, collectionSeqs: ReadonlySet<number> | null, limit: number): ScoredRow[]
  similarities(vector: Float32Array, seqs: number[]): Map<number, number>
}

export function createVectorMatrix(dimensions: number): VectorMatrix {
  let values = new Float32Array(dimensions * 256)
  let collections = new Int32Array(256)
  const seqs: number[] = []
  const places = new Map<number, number>()

  function grow(): void {
    const larger = new Float32Array(values.length * 2)
    larger.set(values)
    values = larger
    const more = new Int32Array(collections.length * 2)
    more.set(collections)
    collections = more
  }

  return {
    get size() {
      return seqs.length
    },
    set(seq, collectionSeq, vector) {
      let place = places.get(seq)
      if (place === undefined) {
        place = seqs.length
        if (place === collections.length) grow()
        seqs.push(seq)
        places.set(seq, place)
      }
      collections[place] = collectionSeq
      values.set(normalised(vector), place * dimensions)
    },
    delete(seq) {
      const place = places.get(seq)
      if (place === undefined) return
      const last = seqs.length - 1
      const moved = seqs[last] as number
      seqs[place] = moved
      places.set(moved, place)
      collections[place] = collections[last] as number
      values.copyWithin(place * dimensions, last * dimensions, (last + 1) * dimensions)
      seqs.pop()
      places.delete(seq)
    },
    nearest(vector, collectionSeqs, limit) {
      const query = normalised(vector)
      const best: ScoredRow[] = []
      let worst = Number.NEGATIVE_INFINITY
      for (let place = 0; place < seqs.length; place++) {
        if (collectionSeqs !== null && !collectionSeqs.has(collections[place] as number)) continue
        const similarity = dot(query, values, place * dimensions)
        if (best.length === limit && similarity < worst) continue
        insert(best, { seq: seqs[place] as number, similarity }, limit)
        if (best.length === limit) worst = (best[limit - 1] as ScoredRow).similarity
      }
      return best
    },
    similarities(vector, wanted) {
      const query = normalised(vector)
      const found = new Map<number, number>()
      for (const seq of wanted) {
        const place = places.get(seq)
        if (place !== undefined) found.set(seq, dot(query, values, place * dimensions))
      }
      return found
    },
  }
}

/** Four sums at once: the additions do not wait for each other. */
function dot(query: Float32Array, values: Float32Array, offset: number): number {
  const length = query.length
  const even = length - (length % 4)
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  for (let i = 0; i < even; i += 4) {
    a += (query[i] as number) * (values[offset + i] as number)
    b += (query[i + 1] as number) * (values[offset + i + 1] as number)
    c += (query[i + 2] as number) * (values[offset + i + 2] as number)
    d += (query[i + 3] as number) * (values[offset + i + 3] as number)
  }
  for (let i = even; i < length; i++) a += (query[i] as number) * (values[offset + i] as number)
  return a + b + c + d
}

function normalised(vector: Float32Array): Float32Array {
  let sum = 0
  for (const value of vector) sum += value * value
  const norm = Math.sqrt(sum)
  return norm === 0 ? new Float32Array(vector.length) : vector.map((value) => value / norm)
}

/** Keeps the list sorted, best first, and no longer than `limit`. */
function insert(best: ScoredRow[], row: ScoredRow, limit: number): void {
  let low = 0
  let high = best.length
  while (low < high) {
    const middle = (low + high) >> 1
    const other = best[middle] as ScoredRow
    if (other.similarity > row.similarity || (other.similarity === row.similarity && other.seq < row.seq))
      low = middle + 1
    else high = middle
  }
  if (low >= limit) return
  best.splice(low, 0, row)
  if (best.length > limit) best.pop()
}
