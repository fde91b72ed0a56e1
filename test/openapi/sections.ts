// The sections of the page of the API in their order, the operations of each in theirs, and what is filled in for them.

/** What stands in the fields of an operation before anybody has written into them. */
export interface FilledIn {
  readonly path?: Readonly<Record<string, string>>
  /** Parameters that may be left out are left empty, but for these. */
  readonly query?: Readonly<Record<string, number>>
  readonly body?: object
  /** What its answer fills in for later operations, by their ids: expressions as the links of OpenAPI have them. */
  readonly links?: Readonly<Record<string, Pick<FilledIn, 'path' | 'body'>>>
}

export interface Section {
  readonly tag: string
  readonly description: string
  /** By operation id. */
  readonly operations: Readonly<Record<string, FilledIn>>
}

const STREAM = 'agent_builder-1/tasks'
const OF_STREAM = { path: { stream: STREAM } }
const OF_BUILD = { correlationId: 'build-42' }
const OPENED = {
  type: 'task.opened',
  stream: STREAM,
  data: { task: 'T-17', title: 'Build the release', owner: 'builder-1' },
  tags: ['project:apollo'],
  ...OF_BUILD,
}
const COMPLETED = {
  type: 'task.completed',
  data: { task: 'T-17', result: 'green', score: 0.93 },
  tags: ['project:apollo'],
  ...OF_BUILD,
}
const CLAIMED = { type: 'task.claimed', stream: STREAM, data: { task: 'T-17', owner: 'builder-1' }, ...OF_BUILD }
const BUSY = { type: 'agent.busy', stream: 'agent_builder-1', data: { task: 'T-17' }, ...OF_BUILD }

/** The first event of a fresh store; an event can be named by its position as well as by its id. */
const FIRST = { path: { id: '1' } }
const OF_GROUP = { path: { name: 'builders' } }
const OF_PROJECTION = { path: { name: 'tasks' } }
const OF_TYPE = { path: { type: 'task.opened' } }
const OF_SNAPSHOT = { path: { id: `${'0'.repeat(32)}-0000000000000001` } }
const OF_MADE = { path: { id: '$response.body#/snapshot/id' } }
const OF_STARTED = { readOperation: { path: { id: '$response.body#/operationId' } } }

const appends: Section = {
  tag: 'appends',
  description:
    'Begin here: an event is stored when it is answered. One, many that are stored all or none, or without waiting. Everything below finds what these operations have stored.',
  operations: {
    appendEvent: {
      body: OPENED,
      links: {
        readEvent: { path: { id: '$response.body#/id' } },
        appendToStream: { body: { ...COMPLETED, causationId: '{$response.body#/id}' } },
      },
    },
    appendEvents: { body: { events: [CLAIMED, BUSY] } },
    appendToStream: { ...OF_STREAM, body: COMPLETED },
    appendEventAsync: { body: { ...OPENED, data: { task: 'T-18', title: 'Write the notes' } }, links: OF_STARTED },
    appendEventsAsync: { body: { events: [{ ...CLAIMED, data: { task: 'T-18' } }] }, links: OF_STARTED },
    readOperation: { path: { id: '4b1c8a52-6a0e-4d0b-9f57-0f6a2d1f3c11' } },
  },
}

const reads: Section = {
  tag: 'reads',
  description: 'Events in the order of the log, by their names or by any field of what they hold.',
  operations: {
    readEvents: {},
    readEvent: FIRST,
    queryEvents: {
      body: {
        where: {
          and: [
            { field: 'type', op: 'eq', value: 'task.completed' },
            { field: 'data.score', op: 'gte', value: 0.8 },
          ],
        },
        orderBy: { field: 'data.score', order: 'desc' },
        limit: 50,
      },
    },
  },
}

const streams: Section = {
  tag: 'streams',
  description: 'What belongs together, in the order of its revisions.',
  operations: { listStreams: {}, readStream: OF_STREAM, readStreamEvents: OF_STREAM },
}

const following: Section = {
  tag: 'following',
  description:
    'What comes from now on. `GET /v1/events` with `Accept: text/event-stream` follows without end, and the WebSocket of `/v1/stream` many things at once (`/asyncapi.json`).',
  operations: { waitForEvents: { query: { after: 0 } } },
}

const causation: Section = {
  tag: 'causation',
  description: 'Why events happened, and what came of them.',
  operations: { readCauses: FIRST, readEffects: FIRST, readCorrelation: { path: { id: 'build-42' } } },
}

const state: Section = {
  tag: 'state',
  description: 'Events folded into a state, as it is or as it was at any moment.',
  operations: {
    readStreamState: OF_STREAM,
    replayEvents: { body: { filter: { streams: [STREAM] }, reducer: 'merge' } },
  },
}

const groups: Section = {
  tag: 'groups',
  description:
    'Consumer groups: each event that matches is handed to one consumer, until it is settled or has been tried too often.',
  operations: {
    defineGroup: { ...OF_GROUP, body: { filter: { types: ['task.*'] }, after: 'start', ackTimeoutSeconds: 600 } },
    listGroups: {},
    readGroup: OF_GROUP,
    takeFromGroup: {
      ...OF_GROUP,
      links: {
        ackDeliveries: { body: { tokens: ['{$response.body#/deliveries/0/token}'] } },
        nackDeliveries: {
          body: { tokens: ['{$response.body#/deliveries/1/token}'], action: 'park', reason: 'no such tool' },
        },
      },
    },
    ackDeliveries: { ...OF_GROUP, body: { tokens: ['1201.17'] } },
    nackDeliveries: { ...OF_GROUP, body: { tokens: ['1202.18'], action: 'park', reason: 'no such tool' } },
    listParkedEvents: OF_GROUP,
    replayParkedEvents: { ...OF_GROUP, body: {} },
    discardParkedEvents: { ...OF_GROUP, body: {} },
    deleteGroup: OF_GROUP,
  },
}

const projections: Section = {
  tag: 'projections',
  description: 'Named folds, with one state for each key. A live one is kept up to date in memory.',
  operations: {
    defineProjection: {
      ...OF_PROJECTION,
      body: {
        description: 'How every task stands.',
        filter: { types: ['task.*'] },
        key: 'data.task',
        initial: { status: 'unknown' },
        on: {
          'task.opened': [
            { op: 'set', path: '/title', from: 'data.title' },
            { op: 'set', path: '/status', value: 'open' },
          ],
          'task.completed': [{ op: 'set', path: '/status', value: 'done' }],
        },
        live: true,
      },
    },
    listProjections: {},
    readProjection: OF_PROJECTION,
    readProjectionState: OF_PROJECTION,
    readProjectionKeys: OF_PROJECTION,
    followProjection: OF_PROJECTION,
    deleteProjection: OF_PROJECTION,
  },
}

const upcasters: Section = {
  tag: 'upcasters',
  description: 'How events written in an older shape are read in the newest one. What is stored stays as it is.',
  operations: {
    defineUpcaster: {
      ...OF_TYPE,
      body: {
        steps: [
          {
            from: 1,
            to: 2,
            ops: [
              { op: 'rename', path: '/owner', to: 'agent' },
              { op: 'default', path: '/priority', value: 3 },
            ],
          },
        ],
      },
    },
    listUpcasters: {},
    readUpcaster: OF_TYPE,
    deleteUpcaster: OF_TYPE,
  },
}

const snapshots: Section = {
  tag: 'snapshots',
  description: 'States that are kept, so that a long fold begins where an earlier one stood.',
  operations: {
    keepSnapshots: {
      body: { name: 'tasks', filter: { streams: [STREAM] }, reducer: 'merge' },
      links: {
        readSnapshot: OF_MADE,
        readSnapshotState: OF_MADE,
        verifySnapshot: OF_MADE,
        protectSnapshot: OF_MADE,
        unprotectSnapshot: OF_MADE,
        deleteSnapshot: OF_MADE,
        releaseFold: { path: { fold: '$response.body#/fold/id' } },
      },
    },
    listSnapshots: {},
    readSnapshot: OF_SNAPSHOT,
    readSnapshotState: OF_SNAPSHOT,
    verifySnapshot: OF_SNAPSHOT,
    protectSnapshot: OF_SNAPSHOT,
    unprotectSnapshot: OF_SNAPSHOT,
    deleteSnapshot: OF_SNAPSHOT,
    releaseFold: { path: { fold: '0'.repeat(64) } },
  },
}

const tokens: Section = {
  tag: 'tokens',
  description: 'Who the token is and what is left of its limits, and tickets for browsers, which send no header.',
  operations: { whoAmI: {}, createTicket: {} },
}

const admin: Section = {
  tag: 'admin',
  description:
    'For operators: who leads, the mode, alerts, tokens that are refused from now on, and a copy of everything.',
  operations: {
    readStatus: {},
    readServiceLevels: {},
    readMode: {},
    forceMode: { body: { mode: 'NORMAL', reason: 'it is over' } },
    listReconciliations: {},
    forceLoser: { body: { noteId: '5d0c8a52-3f57-4a2c-8f6f-0a3c1d2e4b60', reason: 'the alert was real' } },
    createHeapSnapshot: {},
    listAlerts: {},
    checkChannels: {},
    createSilence: {
      body: {
        match: { causes: ['storage_growth'] },
        from: '2099-01-31T22:00:00Z',
        until: '2099-02-01T06:00:00Z',
        reason: 'old events are being removed',
      },
      links: { deleteSilence: { path: { id: '$response.body#/id' } } },
    },
    listSilences: {},
    deleteSilence: { path: { id: '0f8c1d3e5a7b9c11' } },
    revokeTokens: { body: { kind: 'agent', id: 'builder-1', reason: 'its key was in a log' } },
    listRevocations: {},
    restoreTokens: { path: { kind: 'agent', id: 'builder-1' } },
    exportEvents: {},
  },
}

const problems: Section = {
  tag: 'problems',
  description: 'Every error there is, what it means and what ends it.',
  operations: { listProblems: {}, readProblem: { path: { code: 'REVISION_CONFLICT' } } },
}

const health: Section = {
  tag: 'health',
  description: 'How the server is, for probes, balancers and Prometheus. No token is needed.',
  operations: {
    checkLiveness: {},
    checkReadiness: {},
    readHealth: {},
    readDetailedHealth: {},
    readComponentHealth: { path: { component: 'storage' } },
    readMetrics: {},
  },
}

/** From the first append to the last probe. Pressed one after the other on a fresh server, each of them succeeds. */
export const SECTIONS: readonly Section[] = [
  ...[appends, reads, streams, following, causation, state],
  ...[groups, projections, upcasters, snapshots],
  ...[tokens, admin, problems, health],
]
