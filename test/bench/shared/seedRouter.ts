/** The earlier system's rules, as they were: three sums, the highest wins, ties go to leonardo, then jarvis. */
export function seedTarget(text: string): "leonardo" | "jarvis" | "edge" {
  const words = text.split(/\s+/).filter(Boolean).length
  const scores = { leonardo: 0, jarvis: 0, edge: 0 }
  if (words > 60) scores.leonardo += 1.5
  if (words < 12) scores.edge += 0.5
  if (/(?:def |class |import |function |SELECT |INSERT |UPDATE |[{}])/i.test(text)) scores.jarvis += 1.4
  if (/\b(?:integral|derivative|theorem|matrix|algebra|proof|equation)\b/i.test(text)) scores.jarvis += 0.8
  if (/\b(?:cell|protein|quantum|neuron|biology|physics)\b/i.test(text)) scores.jarvis += 0.6
  if (/explain|analyze|compare|reason/i.test(text)) scores.leonardo += 1
  if (words < 8 && text.includes("?")) scores.edge += 0.8
  const best = Math.max(...Object.values(scores))
  return scores.leonardo === best ? "leonardo" : scores.jarvis === best ? "jarvis" : "edge"
}
