/** BM25's inverse document frequency, never negative (Robertson and Zaragoza 2009, with Lucene's +1). */
export const inverseDocumentFrequency = (total: number, withTerm: number): number =>
  Math.log(1 + (total - withTerm + 0.5) / (withTerm + 0.5))
