// Judges a result of http-cache-tests: node cache_score.mjs SUITE RESULT. A line per test: `ok KIND ID` or `FAIL KIND ID`.
// A test whose precondition is another test that failed has failed too. Tests for browsers are left out.
import fs from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

const [suite, file] = process.argv.slice(2)
const { default: groups } = await import(pathToFileURL(path.resolve(suite, 'tests/index.mjs')))
const results = JSON.parse(fs.readFileSync(file, 'utf8'))
const tests = new Map(groups.flatMap(group => group.tests).map(test => [test.id, test]))

function passes (id) {
  const needed = tests.get(id)?.depends_on ?? []
  return results[id] === true && needed.every(passes)
}

for (const test of tests.values()) {
  const kind = test.kind ?? 'required'
  // A check has no right outcome.
  if (test.browser_only || kind === 'check') continue
  console.log(`${passes(test.id) ? 'ok' : 'FAIL'} ${kind} ${test.id}`)
}
