// Ends every test run with the one line that says how it went: `N passed, N failed, N skipped`.
import { writeSync } from 'node:fs'

export default class CountReporter {
  onRunComplete(_contexts, results) {
    const skipped = results.numPendingTests + results.numTodoTests
    // A suite that could not even be loaded holds no failed test, and must still count as one.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites
    // Jest's own summary always comes after its reporters, and this line is to be the last.
    process.once('exit', () =>
      writeSync(1, `\n${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped\n`),
    )
  }
}
