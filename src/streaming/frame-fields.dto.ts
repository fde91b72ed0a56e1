// Decorators of the fields that several frames have.
import { ObjectOf, OneOf, Text } from '../wire/fields.decorator.js'
import { FRAME_LIMITS } from './frame-limits.js'

export const Named = (type: string) => OneOf('The name of the frame.', { of: [type], example: type })

const OF_IDS = { example: 'orders', min: 1, max: FRAME_LIMITS.idChars } as const

export const FrameId = Text('Chosen by the client; answers carry it.', OF_IDS)
/** Missing in a frame that concerns the connection as a whole. */
export const OptionalFrameId = Text('Chosen by the client; answers carry it.', { ...OF_IDS, optional: true })

export const FrameEvent = (description: string) => ObjectOf(description, 'StoredEventAnswer')
