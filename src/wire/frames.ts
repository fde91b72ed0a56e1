// Writes the frames a server sends on a stream of events, as JSON texts; `type` names the frame.
import type { Position, RecordedEvent } from '../contract/event.js'
import type { SkippedRange } from '../contract/skipped-damage.js'
import { eventJson } from './event-json.js'

/** Only frames of a subscription carry an id. */
function idOf(id: string | undefined): string {
  return id === undefined ? '' : `,"id":${JSON.stringify(id)}`
}

/** What `ModeHolder` says. */
export interface ToldMode {
  readonly current: string
  readonly reason: string
}

export function eventFrame(event: RecordedEvent, id?: string): string {
  return `{"type":"event"${idOf(id)},"event":${eventJson(event)}}`
}

export function checkpointFrame(position: Position, id?: string): string {
  return `{"type":"checkpoint"${idOf(id)},"position":${position}}`
}

export function caughtUpFrame(position: Position, id?: string): string {
  return `{"type":"caughtUp"${idOf(id)},"position":${position}}`
}

export function fellBehindFrame(position: Position, id?: string): string {
  return `{"type":"fellBehind"${idOf(id)},"position":${position}}`
}

/** Positions that were passed over because what lies there is damaged, for a reader that asked for it. */
export function damagedFrame({ from, to, reason }: SkippedRange): string {
  return `{"type":"damaged","from":${from},"to":${to},"reason":${JSON.stringify(reason)}}`
}

export function heartbeatFrame(position: Position): string {
  return `{"type":"heartbeat","position":${position}}`
}

/** The mode of the service, told when another has come, and at the beginning unless it is NORMAL. */
export function modeFrame({ current, reason }: ToldMode): string {
  return JSON.stringify({ type: 'mode', mode: current, reason: current === 'NORMAL' ? undefined : reason })
}

export function goawayFrame(reason: string): string {
  return `{"type":"goaway","reason":${JSON.stringify(reason)}}`
}

export function errorFrame(problem: object, id?: string): string {
  return `{"type":"error"${idOf(id)},"problem":${JSON.stringify(problem)}}`
}

export function endFrame(position: Position, count: number): string {
  return `{"type":"end","position":${position},"count":${count}}`
}
