interface Ranks {
  lexicalRank: number | null
  vectorRank: number | null
  fusedRank: number | null
}

export const whyStrings = {
  title: "Why was this used, or not?",
  question: "Question",
  placeholder: "A question that you asked",
  ask: "Look into it",
  fix: "What to do:",
  winners: "Used instead",
  status: { ok: "fine", warning: "with a limitation", failed: "stopped here", skipped: "not reached" },
  steps: {
    parse: "Read",
    chunk: "Split",
    embed: "Vectors",
    filter: "Collections",
    lexical: "By words",
    vector: "By meaning",
    fusion: "Together",
    threshold: "Good enough",
    budget: "Room",
  },
  ranks: ({ lexicalRank, vectorRank, fusedRank }: Ranks): string =>
    [
      ["words", lexicalRank],
      ["meaning", vectorRank],
      ["together", fusedRank],
    ]
      .map(([name, rank]) => `${name}: ${rank === null ? "not found" : `no. ${rank}`}`)
      .join(" · "),
}
