// Ends every test run with what it took, its slowest files, and the one line that says how it went: `N passed, N failed, N skipped`.
import { writeSync } from 'node:fs'
import { relative } from 'node:path'

const SLOWEST = 10

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
      '',
      `${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped`,
    ]
    // Jest's own summary always comes after its reporters, and the counts are to be the last line.
    process.once('exit', () => writeSync(1, `\n${lines.join('\n')}\n`))
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

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`
}
