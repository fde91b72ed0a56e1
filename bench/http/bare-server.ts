// The floor of every HTTP figure: Fastify with nothing, which parses the same bodies and sends answers of the same size.
import Fastify from 'fastify'
import { Unpackr } from 'msgpackr'

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true })
const ANSWER = {
  id: '1763692800000000000_0_node-1',
  position: 1,
  stream: 'agent-1',
  revision: 0,
  timestamp: '2026-11-21T00:00:00.000000000Z',
  duplicate: false,
  durability: 'fsync',
}
const BATCH = { events: Array.from({ length: 100 }, () => ANSWER), firstPosition: 1, lastPosition: 100 }

const server = Fastify({ bodyLimit: 16 * 1024 * 1024 })
server.addContentTypeParser('application/msgpack', { parseAs: 'buffer' }, (_request, body, done) =>
  done(null, unpackr.unpack(body as Buffer)),
)
server.get('/', async () => ({ ok: true }))
server.post('/v1/events', (_request, reply) => void reply.status(201).send(ANSWER))
server.post('/v1/events/batch', (_request, reply) => void reply.status(201).send(BATCH))
await server.listen({ host: '127.0.0.1', port: Number(process.argv[2]) })
process.on('SIGTERM', () => void server.close().then(() => process.exit(0)))
