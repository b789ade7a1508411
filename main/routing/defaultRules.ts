/** The rules that come with the product, as a person would write their own. */
export const defaultRules = `version: 1
default: quick
domains:
  # Short talk and single facts: this computer answers at once.
  quick:
    words: [hi, hello, hey, thanks, thank, bye, good morning, good night, weather, time, date, capital, joke, ok]
    patterns:
      - '^(?:hi|hello|hey|thanks|thank you|good (?:morning|evening|night))\\b'
      - '^(?:who|when|where|what is|what''s|how (?:old|tall|far|many|much)) [^,;]{1,40}\\?$'
    targets: [in-process, '@others']
  # Code, mathematics and science.
  technical:
    words: [code, python, javascript, typescript, java, rust, sql, regex, function, compile, compiler, bug, debug, stack trace, api,
      json, html, css, bash, git, docker, algorithm, script, query, database, unit test, exception, variable, loop, array,
      integral, derivative, differentiate, integrate, equation, solve, theorem, matrix, eigenvalue, algebra, probability,
      logarithm, factorise, prime, triangle, calculate, percent, velocity, quantum, protein, molecule, neuron, enzyme, photosynthesis,
      voltage, acceleration, chemistry, physics]
    patterns:
      - '\\d\\s*[-+*/^=]\\s*\\d'
      - '[{};]\\s*$|=>|\\(\\)|</?\\w+>|\\bdef \\w+|\\bimport \\w+|\\bselect\\b.+\\bfrom\\b'
      - '\\w+Error\\b|\\b(?:null pointer|undefined is not|segmentation fault|traceback)\\b'
      - '\\b[xyz]\\s*(?:\\^|=|\\+|-)'
    tools: [calculator]
    targets: ['@others', in-process]
  # What wants thought or many words.
  thorough:
    words: [explain, analyse, analyze, compare, contrast, evaluate, argue, pros and cons, trade-offs, essay, plan, strategy, draft,
      write, rewrite, summarise, summarize, proposal, letter, story, outline, report, critique, review, advise, decide, itinerary,
      speech, in detail, step by step, why did, implications, consequences, translate]
    patterns:
      - '(?:\\S+\\s+){45}'
      - '\\b(?:should (?:i|we)|what would happen|how would you|help me (?:plan|think|write|decide))\\b'
    targets: ['@others', in-process]
fallback: [in-process, '@others']
`
