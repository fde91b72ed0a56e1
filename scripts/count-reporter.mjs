// Ends every test run with what it took, its slowest files, what failed, and the one line that says how it went: `N passed, N failed, N skipped`.
import { writeSync } from 'node:fs'
import { relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

const SLOWEST = 10
const LINES_OF_A_FAILURE = 12

export default class CountReporter {
  constructor({ rootDir }) {
    this.rootDir = rootDir
  }

  onRunComplete(_contexts, results) {
    const skipped = results.numPendingTests + results.numTodoTests
    // A suite that could not even be loaded holds no failed test, and must still count as one.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites
    const lines = [
      ...this.timesOf(results),
      ...this.failuresOf(results),
      '',
      `${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped`,
    ]
    // Jest's own summary always comes after its reporters, and the counts are to be the last line.
    process.once('exit', () => writeSync(1, `\n${lines.join('\n')}\n`))
  }

  /** Said again at the end, because whoever gets only the end of a long output has to see which test it was. */
  failuresOf({ testResults }) {
    const failures = testResults.flatMap(({ testFilePath, testExecError, failureMessage, testResults: tests }) => {
      const file = relative(this.rootDir, testFilePath)
      if (testExecError) return [file, ...shortened(failureMessage ?? testExecError.message)]
      return tests
        .filter(({ status }) => status === 'failed')
        .flatMap(({ fullName, failureMessages }) => [`${file} › ${fullName}`, ...shortened(failureMessages.join('\n'))])
    })
    return failures.length === 0 ? [] : ['', 'failed:', ...failures]
  }

  /** A run of a few files is quick to read as it is. */
  timesOf({ testResults, startTime }) {
    if (testResults.length <= SLOWEST) return []
    const files = testResults.map(({ testFilePath, perfStats }) => ({ path: testFilePath, ms: perfStats.runtime ?? 0 }))
    const work = files.reduce((sum, { ms }) => sum + ms, 0)
    const slowest = files.sort((one, other) => other.ms - one.ms).slice(0, SLOWEST)
    return [
      `${files.length} files took ${seconds(Date.now() - startTime)} (${seconds(work)} of work); the slowest:`,
      ...slowest.map(({ path, ms }) => `${seconds(ms).padStart(9)}  ${relative(this.rootDir, path)}`),
    ]
  }
}

function shortened(message = '') {
  const lines = stripVTControlCharacters(message).split('\n')
  return lines.slice(0, LINES_OF_A_FAILURE).map(line => `    ${line}`)
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`
}
