// Makes the OpenAPI document from the routes and classes of the application, and completes what every route has in common.
import { readFileSync } from 'node:fs'
import type { INestApplication } from '@nestjs/common'
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger'
import { ERRORS, type ErrorCode } from '../../src/contract/errors.js'
import { inSections, METHODS } from './in-sections.js'
import { withShortNames } from './schema-names.js'

type SchemaObject = Exclude<NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string], { $ref: string }>
type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>
type ResponseObject = Exclude<NonNullable<Operation['responses'][string]>, { $ref: string }>
type SharedAnswers = Record<string, ResponseObject>

/** Errors that any route under /v1 can answer with. */
const ALWAYS: readonly ErrorCode[] = [
  'INVALID_REQUEST',
  'BAD_HTTP',
  'WRONG_HOST',
  'NOT_FOUND',
  'NOT_ACCEPTABLE',
  'REQUEST_TIMEOUT',
  'RATE_LIMITED',
  'WORK_LIMIT',
  'STORAGE_UNAVAILABLE',
  'DATA_CORRUPT',
  'CLOSED',
  'INTERNAL',
]
const WITH_TOKEN: readonly ErrorCode[] = ['UNAUTHENTICATED', 'FORBIDDEN']
const WITH_BODY: readonly ErrorCode[] = ['MALFORMED_BODY', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE']
const OF_APPENDS: readonly ErrorCode[] = [
  'SERVICE_STREAM',
  'INVALID_EVENT',
  'EVENT_TOO_LARGE',
  'BATCH_TOO_LARGE',
  'REVISION_CONFLICT',
  'CONDITION_FAILED',
  'KEY_REUSED',
  'OVERLOADED',
  'DISK_FULL',
  'READ_ONLY',
  'MODE_FORBIDS',
  'INDETERMINATE',
]

/** What changes a group, a projection, an upcaster or a revocation is an append of the service. */
const OF_SERVICE_APPENDS: readonly ErrorCode[] = [
  'OVERLOADED',
  'DISK_FULL',
  'READ_ONLY',
  'MODE_FORBIDS',
  'INDETERMINATE',
]
const OF_SNAPSHOTS: readonly ErrorCode[] = ['SNAPSHOT_CONFLICT', 'STATE_TOO_LARGE', 'DISK_FULL']

export function openApiOf(app: INestApplication, version: string): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Lighthouse Event Store')
    .setDescription(
      'The durable, ordered, auditable log through which fleets of AI agents coordinate. Every error is a problem (RFC 9457) of the [catalogue](/problems).',
    )
    .setVersion(version)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/', 'The server that gives this document.')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }, 'token')
    .build()
  const document = SwaggerModule.createDocument(app, config, { autoTagControllers: false })
  const responses: SharedAnswers = {}
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = item[method]
      if (operation === undefined) continue
      complete(operation, path, method, responses)
      if (mayBeEmpty(operation, document)) (operation.requestBody as { required: boolean }).required = false
    }
  }
  const schemas = { ...document.components?.schemas, Problem: PROBLEM }
  document.components = { ...document.components, schemas, responses }
  return withShortNames(inSections(document))
}

/** A body in which nothing is required need not be sent. */
function mayBeEmpty({ requestBody }: Operation, { components }: OpenAPIObject): boolean {
  const { content } = (requestBody ?? {}) as { content?: Record<string, { schema?: { $ref?: string } }> }
  const name = content?.['application/json']?.schema?.$ref?.split('/').at(-1)
  const schema = name === undefined ? undefined : (components?.schemas?.[name] as SchemaObject | undefined)
  return schema !== undefined && (schema.required ?? []).length === 0
}

/** As it is committed: the same routes make the same text. */
export function openApiText(app: INestApplication): string {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  return `${JSON.stringify(openApiOf(app, version), undefined, 2)}\n`
}

function complete(operation: Operation, path: string, method: string, shared: SharedAnswers): void {
  const guarded = path.startsWith('/v1/')
  const optional = (operation as { 'x-scope'?: unknown })['x-scope'] === 'optional'
  if (guarded) operation.security = [{ token: [] }]
  else operation.security = optional ? [{}, { token: [] }] : []
  const appends = method === 'post' && /\/(events|batch|async)$/.test(path)
  const preconditions = path === '/v1/streams/{stream}/events' && appends
  const codes = [
    ...(guarded ? [...ALWAYS, ...WITH_TOKEN] : (['WRONG_HOST', 'INTERNAL'] as const)),
    ...(optional ? (['UNAUTHENTICATED', 'RATE_LIMITED'] as const) : []),
    ...(operation.requestBody === undefined ? [] : WITH_BODY),
    ...(appends ? OF_APPENDS : []),
    ...ofChanges(path, method),
    ...(/^\/v1\/events(\/wait|\/\{id\})?$/.test(path) && method === 'get' ? (['LINEAGE_FORKED'] as const) : []),
    ...(preconditions ? (['PRECONDITION_FAILED'] as const) : []),
  ]
  const byStatus = Map.groupBy(new Set(codes), code => ERRORS[code].status)
  for (const [status, group] of [...byStatus].sort(([a], [b]) => a - b)) {
    operation.responses[String(status)] ??= sharedProblem(status, group, shared)
  }
  // Whatever the route, a path or headers can be too long.
  if (guarded) operation.responses['431'] ??= sharedProblem(431, ['BAD_HTTP'], shared)
}

function ofChanges(path: string, method: string): readonly ErrorCode[] {
  if (method === 'get') return []
  if (path === '/v1/admin/heap-snapshot') return ['MEMORY_SHORT']
  if (path.startsWith('/v1/snapshots')) return OF_SNAPSHOTS
  if (/^\/v1\/(projections|upcasters|admin\/revocations)/.test(path)) return OF_SERVICE_APPENDS
  if (!path.startsWith('/v1/subscriptions')) return []
  if (method === 'put') return ['SUBSCRIPTION_CONFLICT', ...OF_SERVICE_APPENDS]
  return /\/n?ack$/.test(path) ? ['STALE_DELIVERY', ...OF_SERVICE_APPENDS] : OF_SERVICE_APPENDS
}

/** Routes that can fail in the same ways share the answer, named after all of its codes. */
function sharedProblem(status: number, codes: readonly ErrorCode[], shared: SharedAnswers): { $ref: string } {
  const name = [status, ...codes].join('-')
  const description = codes.map(code => `[\`${code}\`](/problems/${code}): ${ERRORS[code].title}.`).join('\n\n')
  shared[name] ??= {
    description,
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  }
  return { $ref: `#/components/responses/${name}` }
}

const text = (description: string): SchemaObject => ({ type: 'string', description })

const PROBLEM: SchemaObject = {
  type: 'object',
  description: 'Problem details, RFC 9457.',
  example: {
    type: '/problems/REVISION_CONFLICT',
    title: ERRORS.REVISION_CONFLICT.title,
    status: ERRORS.REVISION_CONFLICT.status,
    detail: ERRORS.REVISION_CONFLICT.remedy,
    instance: '/v1/events',
    code: 'REVISION_CONFLICT',
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    correlationId: 'build-42',
    retryable: ERRORS.REVISION_CONFLICT.retryable,
  },
  required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'traceId', 'correlationId', 'retryable'],
  properties: {
    type: text('Where the problem is explained: /problems/ and the code.'),
    title: text('The same for every problem with this code.'),
    status: { type: 'integer', description: 'The HTTP status.' },
    detail: text('What is wrong here, and what to do next.'),
    instance: text('The path that was asked for.'),
    code: {
      type: 'string',
      enum: Object.keys(ERRORS),
      description: 'What programs look at; never changes its meaning.',
    },
    traceId: text('Finds the request in traces and logs.'),
    correlationId: text('The same as in X-Correlation-Id.'),
    mode: text('The mode of the service, where it is the reason.'),
    fork: { type: 'integer', description: 'The last position in common with the log that the reader knows.' },
    retryable: { type: 'boolean', description: 'Whether sending the same request again can help.' },
    errors: {
      type: 'array',
      description: 'All that is wrong with the request.',
      items: {
        type: 'object',
        properties: { pointer: text('JSON Pointer into the request.'), detail: text('What is wrong there.') },
      },
    },
    violations: {
      type: 'array',
      description: 'Every expectation and condition that did not hold.',
      items: { type: 'object' },
    },
  },
}
