// Runs files one after the other in this process, however many workers there are: for trials that measure, or build what others would run meanwhile.
import { createRequire } from 'node:module'

const { default: TestRunner } = createRequire(import.meta.url)('jest-runner')

export default class SerialRunner extends TestRunner {
  isSerial = true
}
