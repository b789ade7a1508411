import fc from "fast-check"

/** Property tests draw the same values in every run; another seed looks further: `ZENGLOW_TEST_SEED=… npm test`. */
fc.configureGlobal({ seed: Number(process.env.ZENGLOW_TEST_SEED ?? 20_261_123) })
