// Goes over the envelope of a stored event field by field, without making anything of what it passes.
import { PackReader } from './codec/reader.js'

const U64_BYTES = 9

export class RecordSpans extends PackReader {
  /** Where the text that was passed last begins. It ends at `at`. */
  from = 0

  constructor() {
    super(Buffer.alloc(0))
  }

  /** To the name of the stream of the record at `from`; the walk goes on in the order of `encodeRecord`. */
  begin(bytes: Buffer, from: number): void {
    this.bytes = bytes
    this.at = from
    this.arrayHeader()
    this.integer()
    this.pass(U64_BYTES, from)
    this.integer()
    this.text()
  }

  text(): void {
    const start = this.at
    const length = this.size(this.head(), start)
    this.from = this.at
    this.pass(length, start)
  }

  texts(): void {
    for (let left = this.arrayHeader(); left > 0; left--) this.text()
  }
}
