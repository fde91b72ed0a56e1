// Makes the AsyncAPI document from the classes of the frames: who sends them, what they hold, and what an event looks like.
import { readFileSync } from 'node:fs'
import type { INestApplication } from '@nestjs/common'
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger'
import * as ofConsumers from '../../src/groups/websocket/consuming.dto.js'
import { FrameHandlers } from '../../src/streaming/frame-handlers.service.js'
import * as ofAll from '../../src/websocket/frames.dto.js'
import { withShortNames } from '../openapi/schema-names.js'

interface Schema {
  readonly properties?: Readonly<Record<string, { readonly enum?: readonly string[] }>>
}

interface Frame {
  readonly type: string
  readonly schema: string
}

type Class = new () => object

const CHANNEL = 'stream'

export function asyncApiOf(app: INestApplication, version: string): object {
  const definitions = [...Object.values(ofAll), ...Object.values(ofConsumers)] as readonly unknown[]
  const classes = definitions.filter(found => typeof found === 'function' && /^class /.test(String(found))) as Class[]
  const config = new DocumentBuilder().setOpenAPIVersion('3.1.0').build()
  const { components } = withShortNames(SwaggerModule.createDocument(app, config, { extraModels: classes }))
  const schemas = (components?.schemas ?? {}) as Readonly<Record<string, Schema>>
  const frames = classes.flatMap(({ name }) => frameOf(name, schemas[name]))
  const said = new Set(['auth', ...app.get(FrameHandlers, { strict: false }).types])
  const fromClient = frames.filter(({ type }) => said.has(type))
  const fromServer = frames.filter(({ type }) => !said.has(type))
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Lighthouse Event Store',
      version,
      description:
        'Follow the log live, append and take work over one WebSocket. Frames are JSON texts (subprotocol lighthouse.v1.json) or MessagePack (lighthouse.v1.msgpack); docs/FRAMES.md tells their order and the close codes.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    servers: {
      development: {
        host: 'localhost:8765',
        protocol: 'ws',
        description: 'A server started with npm start.',
        security: [{ $ref: '#/components/securitySchemes/token' }],
      },
    },
    channels: {
      [CHANNEL]: {
        address: '/v1/stream',
        description: 'One connection; many subscriptions, consumers and appends in flight on it.',
        messages: Object.fromEntries(frames.map(({ type }) => [type, { $ref: `#/components/messages/${type}` }])),
        bindings: { ws: { method: 'GET', bindingVersion: '0.1.0' } },
      },
    },
    operations: {
      fromClient: operation('receive', 'What a client may say.', fromClient),
      fromServer: operation('send', 'What the server says.', fromServer),
    },
    components: {
      messages: Object.fromEntries(frames.map(messageOf)),
      schemas: reachable(
        frames.map(({ schema }) => schema),
        schemas,
      ),
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'In the Authorization header of the handshake, or in an `auth` frame within 5 s.',
        },
      },
    },
  }
}

/** As it is committed: the same classes make the same text. */
export function asyncApiText(app: INestApplication): string {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  return `${JSON.stringify(asyncApiOf(app, version), undefined, 2)}\n`
}

/** A class that is part of a frame is none itself. */
function frameOf(name: string, schema: Schema | undefined): Frame[] {
  const [type, ...others] = schema?.properties?.['type']?.enum ?? []
  return type === undefined || others.length > 0 ? [] : [{ type, schema: name }]
}

function operation(action: string, summary: string, frames: readonly Frame[]): object {
  return {
    action,
    summary,
    channel: { $ref: `#/channels/${CHANNEL}` },
    messages: frames.map(({ type }) => ({ $ref: `#/channels/${CHANNEL}/messages/${type}` })),
  }
}

function messageOf({ type, schema }: Frame): [string, object] {
  const payload = { $ref: `#/components/schemas/${schema}` }
  return [type, { name: type, title: type, contentType: 'application/json', payload }]
}

/** The schemas of these names, and all they refer to. */
function reachable(names: readonly string[], schemas: Readonly<Record<string, Schema>>): Record<string, Schema> {
  const wanted = new Set(names)
  for (const name of wanted) {
    const refs = JSON.stringify(schemas[name]).matchAll(/#\/components\/schemas\/(\w+)/g)
    for (const [, ref] of refs) wanted.add(ref as string)
  }
  return Object.fromEntries([...wanted].sort().map(name => [name, schemas[name] as Schema]))
}
