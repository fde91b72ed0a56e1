// `/v1/admin/heap-snapshot`: what is in memory, as a file on the server for whoever looks for a leak.
import { Controller, Post } from '@nestjs/common'
import type { Access } from '../../auth/access.js'
import { CallerAccess } from '../../auth/caller.decorator.js'
import { Needs } from '../../auth/scope.decorator.js'
import { Http, type HttpExchange } from '../../wire/http.decorator.js'
import { Route } from '../../wire/openapi/route.decorator.js'
import { HeapSnapshotAnswerDto } from './heap-snapshot.dto.js'
import { HeapSnapshots } from './heap-snapshots.service.js'

@Controller('v1/admin/heap-snapshot')
export class HeapSnapshotController {
  constructor(private readonly snapshots: HeapSnapshots) {}

  @Post()
  @Needs('admin.write')
  @Route('createHeapSnapshot', {
    summary: 'Write a heap snapshot',
    description:
      'Writes what is in memory, secrets included, into a file that the owner of the process alone can read. No route serves it and no backup holds it; the newest three are kept. **The server does nothing else meanwhile**: about a second for each 50 MB of heap. Refused while less than twice the heap is free.',
    answers: { 201: { description: 'It is written.', type: HeapSnapshotAnswerDto } },
  })
  async create(@Http() http: HttpExchange, @CallerAccess() { agentId }: Access): Promise<string | Buffer> {
    return http.send(await this.snapshots.take(agentId))
  }
}
