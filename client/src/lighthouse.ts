// The client of a Lighthouse server: append, read, query, wait and follow events, and share them in consumer groups.

import { AppendSocket } from './append-socket.js'
import { Appender, type AppenderOptions } from './appender.js'
import {
  type Appended,
  type AppendedBatch,
  type AppendOptions,
  askedBatch,
  askedOne,
  type BatchAppendOptions,
  placedIn,
} from './appends.js'
import type { CallOptions } from './call.js'
import { correlated, type Graph, type GraphRequest, graph } from './causation.js'
import { Connection } from './connection.js'
import { LighthouseError } from './errors.js'
import type { AnyEvent, EventShape, JsonValue, NewEvent, Position, RecordedEvent, StreamEvent } from './event.js'
import { type OneOrMany, type ReadRequest } from './filter.js'
import { Following, type FollowRequest } from './following.js'
import { Group, type GroupStatus, groupStatuses } from './group.js'
import { Http } from './http.js'
import { Projection, type ProjectionSummary, projections } from './projections.js'
import { type QueryEvents, type QueryRequest, QueryResult, type SelectedRow, type SelectRequest } from './query.js'
import { type EventsPage, type ExportRequest, exportLines, type PageRequest, readEvents, readPage } from './reading.js'
import { Retry, type RetryOptions } from './retry.js'
import { Sending } from './sending.js'
import type { WebSocketClass } from './session.js'
import { Snapshots } from './snapshots.js'
import {
  type Beginning,
  fold,
  type Reducer,
  type ReplayRequest,
  replay,
  type ServerState,
  type State,
  type StateRequest,
  streamState,
} from './states.js'
import {
  foundOrNot,
  readStream,
  type StreamHead,
  type StreamInfo,
  type StreamReadOptions,
  type StreamsOptions,
  streamHeads,
  streamInfo,
} from './streams.js'
import { type TokenFunction, Tokens } from './tokens.js'
import type { Transport } from './transport.js'
import { type Waited, type WaitRequest, wait } from './waiting.js'
import { type Ticket, ticket, type WhoAmI, whoami } from './whoami.js'

export interface LighthouseOptions {
  /** The address of the server, such as `https://lighthouse.example`; a path prefix in it is kept. */
  readonly url: string | URL
  /** A JWT, or a function that returns one, called when no token is held and shortly before the held one expires. */
  readonly token: string | TokenFunction
  /** How often and how soon a failed call is repeated; `false` turns repeating off. */
  readonly retry?: RetryOptions | false | undefined
  /** Milliseconds that one attempt may take; default 30,000. */
  readonly timeoutMs?: number | undefined
  /** Sends every request, appends too, instead of what the platform sends with: in Node its `http`, elsewhere `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** Used instead of the platform's own, or where a platform has none. On Node before 22 that of the package `ws` is. */
  readonly WebSocket?: WebSocketClass | undefined
}

export class Lighthouse {
  private readonly http: Http
  private readonly connection: Connection
  private readonly sending: Sending

  constructor({ url, token, retry: retrying, timeoutMs = 30_000, fetch, WebSocket }: LighthouseOptions) {
    const address = addressOf(url)
    const tokens = new Tokens(token)
    const retry = new Retry(retrying)
    this.http = new Http(address, tokens, { transport: fetch ?? this.platformTransport(), timeoutMs, retry })
    const webSocket = async () => WebSocket ?? this.platformWebSocket()
    const settings = { url: streamAddress(address), webSocket, timeoutMs, retry }
    this.connection = new Connection(tokens, settings)
    // A connection of its own: the server closes one over a frame that it cannot read, and follows should not end by that.
    // Whoever gives a fetch means the appends to go through it.
    const socket = fetch === undefined ? new AppendSocket(new Connection(tokens, settings), timeoutMs) : undefined
    this.sending = new Sending(this.http, socket)
  }

  /** What sends requests where no option says. */
  protected platformTransport(): Transport {
    // Browsers refuse to run their own fetch as a method of another object, so it is called as a plain function.
    return (url, request) => globalThis.fetch(url, request)
  }

  /** Where a socket comes from that no option has given. Asked for every connection. */
  protected async platformWebSocket(): Promise<WebSocketClass> {
    const { WebSocket } = globalThis as { readonly WebSocket?: WebSocketClass }
    if (WebSocket !== undefined) return WebSocket
    throw new LighthouseError(
      'NO_WEBSOCKET',
      'This platform has no WebSocket: give new Lighthouse one, as {WebSocket}.',
    )
  }

  /** Stores one event, or all of many or none, and resolves once they are durable. Retries store nothing twice. */
  append(event: NewEvent, options?: AppendOptions): Promise<Appended>
  append(events: readonly NewEvent[], options?: BatchAppendOptions): Promise<AppendedBatch>
  async append(
    given: NewEvent | readonly NewEvent[],
    options: AppendOptions & BatchAppendOptions = {},
  ): Promise<Appended | AppendedBatch> {
    const asked = isMany(given) ? askedBatch(given, options) : askedOne(given, options)
    return this.sending.send(asked, options)
  }

  /** Does the same for events of one stream, which is named once beside them. */
  appendTo(stream: string, event: StreamEvent, options?: AppendOptions): Promise<Appended>
  appendTo(stream: string, events: readonly StreamEvent[], options?: AppendOptions): Promise<AppendedBatch>
  async appendTo(
    stream: string,
    given: StreamEvent | readonly StreamEvent[],
    options: AppendOptions = {},
  ): Promise<Appended | AppendedBatch> {
    if (!isMany(given)) return this.append({ ...given, stream }, options)
    const placed = placedIn(stream, given, options)
    return this.append(placed.events, placed.options)
  }

  /**
   * All events that match, oldest or newest first, as fast as the caller iterates. When the connection breaks, the read
   * resumes behind the last event, so the caller does not notice it.
   */
  read<S extends EventShape = AnyEvent>(request: ReadRequest = {}): AsyncGenerator<RecordedEvent<S>, void, void> {
    return readEvents<S>(this.http, request)
  }

  /** Reads one page for callers that keep no connection open: at most `limit` events (100) and the next cursor. */
  readPage<S extends EventShape = AnyEvent>(request: PageRequest = {}): Promise<EventsPage<S>> {
    return readPage<S>(this.http, request)
  }

  /** One event by its id or position; undefined when there is no such event that the token may read. */
  async event<S extends EventShape = AnyEvent>(
    id: string | Position,
    options: CallOptions = {},
  ): Promise<RecordedEvent<S> | undefined> {
    const path = `v1/events/${encodeURIComponent(id)}`
    return (await foundOrNot(this.http, { method: 'GET', path }, options))?.body as RecordedEvent<S> | undefined
  }

  /** The last durable position; 0 when nothing has been stored yet. */
  async head(options: CallOptions = {}): Promise<Position> {
    return (await this.readPage({ order: 'desc', limit: 1, ...options })).head
  }

  /** The revision and the range of a stream; undefined when it has no events that the token may read. */
  stream(name: string, options: CallOptions = {}): Promise<StreamInfo | undefined> {
    return streamInfo(this.http, name, options)
  }

  /** Streams by name, `*` matching any run of characters; without a name, all but the service's own streams. */
  streams(match?: OneOrMany, options: StreamsOptions = {}): AsyncGenerator<StreamHead, void, void> {
    return streamHeads(this.http, match, options)
  }

  /** The events of a stream in the order of revisions; a stream that does not exist yields none instead of an error. */
  readStream<S extends EventShape = AnyEvent>(
    name: string,
    options: StreamReadOptions = {},
  ): AsyncGenerator<RecordedEvent<S>, void, void> {
    return readStream<S>(this.http, name, options)
  }

  /** Finds events by their content. Iterate the result or its `pages()`; its `plan` reports how they were found. */
  query(request: SelectRequest): QueryResult<SelectedRow>
  query<S extends EventShape = AnyEvent>(request: QueryRequest): QueryEvents<S>
  query(request: QueryRequest | SelectRequest): QueryResult<SelectedRow | RecordedEvent> {
    return new QueryResult(this.http, request)
  }

  /** The server folds all events that match, up to a moment, with a reducer or a projection, and returns the state. */
  replay<T = JsonValue>(request: ReplayRequest = {}): Promise<ServerState<T>> {
    return replay<T>(this.http, request)
  }

  /** The state of one stream at a moment, folded by the server. */
  state<T = JsonValue>(stream: string, request: StateRequest = {}): Promise<ServerState<T>> {
    return streamState<T>(this.http, stream, request)
  }

  /** Folds all events that match in this process, with any function; it can continue from an earlier fold. */
  fold<T, S extends EventShape = AnyEvent>(
    reducer: Reducer<T, S>,
    beginning: Beginning<T>,
    request: Omit<ReadRequest, 'order'> = {},
  ): Promise<State<T>> {
    const { position = request.after } = beginning
    const events = this.read<S>({ ...request, after: position })
    return fold(events, reducer, { ...beginning, position: position ?? 0 })
  }

  /** A projection by its name. This sends no request, so it need not exist yet. */
  projection<T = JsonValue>(name: string): Projection<T> {
    return new Projection<T>(this.http, name)
  }

  projections(options: CallOptions = {}): Promise<readonly ProjectionSummary[]> {
    return projections(this.http, options)
  }

  /** States that the server has written down. */
  get snapshots(): Snapshots {
    return new Snapshots(this.http)
  }

  /** Why an event happened: its ancestors over `causationId` and `parents`. */
  causes(id: string, request: GraphRequest = {}): Promise<Graph> {
    return graph(this.http, 'causes', id, request)
  }

  /** What came of an event: its descendants. */
  effects(id: string, request: GraphRequest = {}): Promise<Graph> {
    return graph(this.http, 'effects', id, request)
  }

  /** All events of a correlation id, oldest first. */
  correlation<S extends EventShape = AnyEvent>(
    id: string,
    options: CallOptions = {},
  ): AsyncGenerator<RecordedEvent<S>, void, void> {
    return correlated<S>(this.http, id, options)
  }

  /**
   * Every event up to the head, those of the service included, each as a line of which another store is made. The last
   * line tells that it is whole: an export without it was left early. It resumes after breaks, as a read does.
   */
  export(request: ExportRequest = {}): AsyncGenerator<string, void, void> {
    return exportLines(this.http, request)
  }

  /** Resolves as soon as an event matches, or with no events when the time is up. */
  wait<S extends EventShape = AnyEvent>(request: WaitRequest = {}): Promise<Waited<S>> {
    return wait<S>(this.http, request)
  }

  /**
   * Yields events that match, then every new one as it is stored, until the caller stops: each once and in order, also
   * when connections break. All follows of a client share one WebSocket. `break` or the signal ends the follow.
   */
  follow<S extends EventShape = AnyEvent>(request: FollowRequest = {}): Following<S> {
    return new Following<S>(this.connection, request)
  }

  /** Appends over the WebSocket, many in flight at once. It keeps the connection open until it is closed. */
  appender(options: AppenderOptions = {}): Appender {
    return new Appender(this.connection, options)
  }

  /** A consumer group by its name. This sends no request, so the group need not exist yet. */
  group<S extends EventShape = AnyEvent>(name: string): Group<S> {
    return new Group<S>(this.http, name)
  }

  /** The groups that the token owns, consumes or may watch, in the order of their names. */
  groups(options: CallOptions = {}): AsyncGenerator<GroupStatus, void, void> {
    return groupStatuses(this.http, options)
  }

  /** Who the token is to the server, what it may do, what is left of its limits, and when it ends. */
  whoami(options: CallOptions = {}): Promise<WhoAmI> {
    return whoami(this.http, options)
  }

  /** A ticket of 30 s and one use, for an `EventSource` or a `WebSocket` that the caller opens itself, as `?ticket=`. */
  ticket(options: CallOptions = {}): Promise<Ticket> {
    return ticket(this.http, options)
  }
}

function isMany<T>(given: T | readonly T[]): given is readonly T[] {
  return Array.isArray(given)
}

function addressOf(url: string | URL): URL {
  const address = new URL(url)
  if (address.protocol !== 'http:' && address.protocol !== 'https:') {
    throw new TypeError(`url must begin with http:// or https://, not ${address.protocol}//`)
  }
  if (!address.pathname.endsWith('/')) address.pathname += '/'
  return address
}

function streamAddress(address: URL): string {
  const stream = new URL('v1/stream', address)
  stream.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
  return stream.href
}

export type { Appender, AppenderOptions } from './appender.js'
export type {
  Appended,
  AppendedBatch,
  AppendOptions,
  BatchAppendOptions,
  Condition,
  Durability,
  Expectation,
} from './appends.js'
export type { CallOptions, Context } from './call.js'
export type { Graph, GraphEvent, GraphLink, GraphRequest } from './causation.js'
export type { ConsumeOptions, Handler } from './consuming.js'
export type { Delivery, Nack, TakeOptions } from './delivery.js'
export {
  ConflictError,
  type ErrorCode,
  type FieldError,
  isIndeterminate,
  LighthouseError,
  NetworkError,
  type Outcome,
  type Violation,
} from './errors.js'
export type {
  AnyEvent,
  DamagedRange,
  EventShape,
  ExpectedRevision,
  JsonObject,
  JsonValue,
  NewEvent,
  Position,
  RecordedEvent,
  Revision,
  StreamEvent,
} from './event.js'
export type { EventFilter, OneOrMany, ReadFilter, ReadRequest } from './filter.js'
export type { Following, FollowRequest } from './following.js'
export type {
  Group,
  GroupConsumers,
  GroupDefinition,
  GroupProgress,
  GroupSettings,
  GroupStatus,
  ParkedEvent,
} from './group.js'
export type {
  DefinedProjection,
  KeyState,
  Operation,
  Projection,
  ProjectionDefinition,
  ProjectionKeysRequest,
  ProjectionState,
  ProjectionStateRequest,
  ProjectionSummary,
} from './projections.js'
export type {
  QueryEvents,
  QueryPage,
  QueryPlan,
  QueryRequest,
  QueryResult,
  Scalar,
  SelectedRow,
  SelectRequest,
  Where,
} from './query.js'
export type { EventsPage, ExportRequest, PageRequest } from './reading.js'
export type { RetryOptions } from './retry.js'
export type { WebSocketClass, WebSocketLike } from './session.js'
export type { KeepRequest, KeptFold, Snapshot, SnapshotState, Snapshots, SnapshotVerdict } from './snapshots.js'
export type { Beginning, Moment, Reducer, ReplayRequest, ServerState, State, StateRequest } from './states.js'
export type { StreamHead, StreamInfo, StreamReadOptions, StreamsOptions } from './streams.js'
export type { TokenFunction } from './tokens.js'
export type { Waited, WaitRequest } from './waiting.js'
export type { Allowance, Ticket, WhoAmI } from './whoami.js'
