// A file with the position up to which events were printed, from which the next call goes on.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { codeOf } from '../../contract/errors.js'
import { Usage } from '../usage-error.js'

/** The file is written at most this often while events come fast, and once more at the end. */
const SAVE_MS = 250

/** Holds the last position that was printed. After a crash a few events may be printed again, and none is left out. */
export class ResumeFile {
  readonly position: number | undefined
  private latest: number | undefined
  private saved = 0

  constructor(private readonly file: string) {
    this.position = positionIn(file)
  }

  passed(position: number): void {
    this.latest = position
    if (Date.now() - this.saved >= SAVE_MS) this.save()
  }

  save(): void {
    if (this.latest === undefined) return
    const next = `${this.file}.next`
    writeFileSync(next, `${this.latest}\n`)
    renameSync(next, this.file)
    this.latest = undefined
    this.saved = Date.now()
  }
}

function positionIn(file: string): number | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
  if (!/^\d{1,15}\n?$/.test(text))
    throw new Usage(`${file} holds no position: it is not one that --resume-file has made`)
  return Number(text)
}
