import { describe, expect, it } from "vitest"
import { speakable } from "#voice/speakable.ts"

const cases: [screen: string, spoken: string][] = [
  // Markdown
  ["**Important:** turn it off.", "Important: turn it off."],
  ["This is *really* _very_ ~~bad~~ good.", "This is really very bad good."],
  ["# Cleaning", "Cleaning."],
  ["## Care & cleaning ##", "Care and cleaning."],
  ["- Rinse the filter", "Rinse the filter."],
  ["* [x] Descale the tank", "Descale the tank."],
  ["2. Open the lid.", "2. Open the lid."],
  ["> Keep dry.", "Keep dry."],
  ["---", ""],
  ["snake_case_name stays whole", "snake_case_name stays whole"],
  ["2 * 3 * 4", "2 * 3 * 4"],
  ["First line\nsoft wrapped", "First line soft wrapped"],
  ["One paragraph\n\nAnother one", "One paragraph. Another one"],
  ["Press \\*star\\*.", "Press star."],
  ["A **bold clause,", "A bold clause,"],
  // Code, tables, links
  ["Run:\n```sh\nnpm install\n```\nThen wait.", "Run: The code is on the screen. Then wait."],
  ["Call `open()` first.", "Call open first."],
  ["Edit `config.json` now.", "Edit config dot json now."],
  ["Use `const a = { b: 1 }` here.", "Use the code on the screen here."],
  ["| a | b |\n|---|---|\n| 1 | 2 |", "The table is on the screen."],
  ["See the [manual](https://example.com/manual.pdf).", "See the manual."],
  ["![A diagram](a.png)", "A diagram"],
  ["Go to https://www.example.com/help?topic=3.", "Go to link to example dot com."],
  ["Mail help.desk@example.com today.", "Mail help dot desk at example dot com today."],
  ["<b>Stop</b> now.", "Stop now."],
  // Citations, emoji
  ["Every six months [1].", "Every six months."],
  ["Every six months.[1][2] Then rinse.", "Every six months. Then rinse."],
  ["Yes [1, 3], always.", "Yes, always."],
  ["Done! 🎉👍🏽", "Done!"],
  ["🚀", ""],
  ["Great ❤️ choice", "Great choice"],
  ["Acme™ cleaner", "Acme cleaner"],
  // Dates and times
  ["Due 2026-11-23.", "Due November 23rd, 2026."],
  ["Due 5/6/2019.", "Due May 6th, 2019."],
  ["Due 25/12/2024.", "Due December 25th, 2024."],
  ["At 9:30 am sharp.", "At 9 30 AM sharp."],
  ["Closed by 5 p.m.", "Closed by 5 PM."],
  ["From 10:00 on.", "From 10 o'clock on."],
  ["At 07:05 today.", "At 7 oh 5 today."],
  // Money
  ["It costs $29.95.", "It costs 29 dollars and 95 cents."],
  ["Only $1.00 more.", "Only 1 dollar more."],
  ["A fee of €1,250 applies.", "A fee of 1,250 euros applies."],
  ["Pay 20 € now.", "Pay 20 euros now."],
  ["A $3.2 billion loss", "A 3.2 billion dollars loss"],
  ["It sold for £1.5m.", "It sold for 1.5 million pounds."],
  ["USD 40 each", "40 dollars each"],
  ["Save $0.50.", "Save 50 cents."],
  // Units, ranges, signs
  ["Boil at 100 °C.", "Boil at 100 degrees Celsius."],
  ["Keep at -4°F.", "Keep at minus 4 degrees Fahrenheit."],
  ["A 5 km walk and 1 kg of salt", "A 5 kilometers walk and 1 kilogram of salt"],
  ["Hold it for 10 s.", "Hold it for 10 seconds."],
  ["Wait 20–30 min.", "Wait 20 to 30 minutes."],
  ["Use 2-3 tbsp of vinegar.", "Use 2 to 3 tablespoons of vinegar."],
  ["Model 5-3 fits.", "Model 5-3 fits."],
  ["Call 555-0199 or (212) 555-0147.", "Call 5 5 5, 0 1 9 9 or 2 1 2, 5 5 5, 0 1 4 7."],
  ["12% less, e.g. at night", "12 percent less, for example, at night"],
  ["Install v2.3.1.", "Install version 2 point 3 point 1."],
  ["A 30 x 40 cm tray", "A 30 by 40 centimeters tray"],
  ["See no. 5 and #7.", "See number 5 and number 7."],
  ["See Fig. 3 on p. 12.", "See figure 3 on page 12."],
  ["Ask example.org first.", "Ask example dot org first."],
  ["on/off switch", "on or off switch"],
  ["It is ≤ 3.5 bar.", "It is at most 3.5 bar."],
  ["Add ½ cup.", "Add one half cup."],
  ["Turn left → right", "Turn left, right"],
  ["", ""],
]

describe("speakable text", () => {
  it.each(cases)("reads %j as %j", (screen, spoken) => {
    expect(speakable(screen)).toBe(spoken)
  })
})
