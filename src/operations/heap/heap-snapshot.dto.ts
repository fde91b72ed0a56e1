// The answer of the route of heap snapshots.
import { Integer, Text } from '../../wire/fields.decorator.js'

export class HeapSnapshotAnswerDto {
  @Text('The name of the file, in the folder `.heap` of the data directory.', {
    example: '2026-01-31T12-00-00.000Z.heapsnapshot',
  })
  name: string

  @Integer('Its size in bytes.', { example: 52_428_800 }) bytes: number
}
