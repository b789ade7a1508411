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
    examples:
      - 'Hi there!'
      - 'Thanks, that''s all'
      - 'What''s the capital of Peru?'
      - 'Who wrote Middlemarch?'
      - 'Tell me a joke'
      - 'Is it going to rain tomorrow?'
      - 'Where is Lake Titicaca?'
      - 'How old is the Eiffel Tower?'
      - 'Say that again please'
      - 'What does serendipity mean?'
      - 'ok great'
      - 'Can dogs eat grapes?'
      - 'Good night, see you tomorrow'
      - 'What colour is a ripe mango?'
      - 'Turn the volume down'
      - 'What''s another word for happy?'
      - 'How many legs does a spider have?'
      - 'Who painted the Night Watch?'
      - 'Are you there?'
      - 'When is Mother''s Day?'
      - 'Where can I buy stamps?'
      - 'What''s the boiling point of water?'
      - 'Who won the match last night?'
      - 'Hello, can you hear me?'
      - 'How much is a dozen?'
      - 'Stop'
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
    examples:
      - 'Write a Python function that reverses a linked list'
      - 'What is 17 * 23 + 4?'
      - 'Find the derivative of x^3 sin(x)'
      - 'SELECT name FROM users WHERE age > 30 returns nothing, why?'
      - 'How does photosynthesis work at the molecular level?'
      - 'What''s the difference between let and const in JavaScript?'
      - 'How do I centre a div with CSS?'
      - 'My docker container exits immediately with code 137'
      - 'Give me a regex for email addresses'
      - 'How do I parse JSON in Rust?'
      - 'What is Newton''s second law?'
      - 'How do I write a unit test for an async method?'
      - 'Explain quantum entanglement in one line'
      - 'How do I add an index to a Postgres table?'
      - 'Fix this: def f(x) return x+1'
      - 'How does TCP know that a packet was lost?'
      - 'log base 2 of 1024'
      - 'How do enzymes lower activation energy?'
      - 'How many prime numbers are below 100?'
      - 'What is the voltage across two resistors in series?'
      - 'What does npm ERR! ERESOLVE mean?'
      - 'Which data structure gives O(1) lookups?'
      - 'Compute the standard deviation of 4, 8, 15, 16, 23, 42'
      - 'Why is my React component rendering twice?'
      - 'What is the molar mass of glucose?'
      - 'Is 391 a prime number?'
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
    examples:
      - 'Compare the French and the American revolutions'
      - 'Should I buy a house now or go on renting?'
      - 'Explain why the Roman Empire fell'
      - 'What are the pros and cons of remote work for a small firm?'
      - 'Draft a business plan for a neighbourhood bakery'
      - 'Write a short story about a lighthouse keeper who fears the sea'
      - 'Give me a step by step plan to learn the piano in a year'
      - 'Rewrite this paragraph so that it sounds more formal'
      - 'Translate this poem into German and keep the rhyme'
      - 'Outline an essay on free will'
      - 'Discuss the ethics of cloning pets'
      - 'What lessons can towns draw from the way Copenhagen treats bicycles?'
      - 'Make a revision timetable for six exams in three weeks'
      - 'How has the role of the museum changed over the last century?'
      - 'Write a polite refusal to an invitation, with an honest reason'
      - 'Advise me on how to talk to my teenager about money'
      - 'Prepare an itinerary for three days in Kyoto in the rain'
      - 'What makes a good teacher? Give reasons and examples'
      - 'How could a village of 800 people keep its school open?'
      - 'Which of these three offers is the best for us in the long run, and why?'
      - 'Develop a strategy to win back customers who left'
      - 'Explain to a ten-year-old why there are wars'
      - 'Turn these notes into minutes of the meeting'
      - 'Propose three ways to divide the inheritance fairly among four siblings'
      - 'Think through what could go wrong with moving my parents into our house'
      - 'What should a will contain when there are children from two marriages?'
    targets: ['@others', in-process]
fallback: [in-process, '@others']
`
