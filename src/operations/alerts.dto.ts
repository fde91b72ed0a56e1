// The requests and answers of the routes of alerts and silences.

import type { AlertSeverity } from '../alerting/route.js'
import { CHANNELS, SEVERITIES } from '../alerting/route.js'
import { CAUSES, type Cause } from '../signals/signals.js'
import { AnyObject, Nested, NestedList, OneOf, SomeOf, Text, TextList } from '../wire/fields.decorator.js'

const CAUSE_NAMES = Object.keys(CAUSES) as Cause[]
const TIME = '2026-01-31T12:00:00.000Z'

export class SilenceMatchDto {
  @SomeOf('Alerts of these causes; left out: of any.', { of: CAUSE_NAMES, optional: true, example: ['storage_space'] })
  causes?: Cause[]

  @SomeOf('Alerts of these severities; left out: of any.', { of: SEVERITIES, optional: true, example: ['P2', 'P3'] })
  severities?: AlertSeverity[]
}

export class SilenceDto {
  @Nested('Which alerts are not told.', SilenceMatchDto) match: SilenceMatchDto
  @Text('From when on; left out: from now on.', { optional: true, format: 'date-time', example: TIME }) from?: string
  @Text('Until when, at most 31 days from its beginning.', { format: 'date-time', example: TIME }) until: string
  @Text('Why, for the record.', { example: 'the disk is being moved', min: 1, max: 512 }) reason: string
}

export class SilenceAnswerDto {
  @Text('Its id.', { example: '0f8c1d3e' }) id: string
  @Nested('Which alerts are not told.', SilenceMatchDto) match: SilenceMatchDto
  @Text('From when on.', { format: 'date-time', example: TIME }) from: string
  @Text('Until when.', { format: 'date-time', example: TIME }) until: string
  @Text('Why.', { example: 'the disk is being moved' }) reason: string
  @Text('Who asked for it.', { example: 'operator' }) by: string
}

export class SilencesAnswerDto {
  @NestedList('All that stand or are to come.', SilenceAnswerDto) silences: SilenceAnswerDto[]
}

export class AlertDto {
  @OneOf('The cause; there is one alert for each.', { of: CAUSE_NAMES, example: 'storage_space' }) cause: Cause
  @OneOf('How severe it is.', { of: SEVERITIES, example: 'P3' }) severity: AlertSeverity
  @OneOf('open, silenced, suppressed because it follows from another, or resolved and not told everywhere yet.', {
    of: ['open', 'silenced', 'suppressed', 'resolved'],
    example: 'open',
  })
  state: string

  @Text('What it is about.', { example: 'The volume of the data is filling up' }) title: string
  @Text('What is wrong, in a sentence.', { example: '91 % of the volume is used' }) detail: string
  @AnyObject('What was measured, by the name of the figure.', { example: {} }) metrics: object
  @Text('Since when.', { format: 'date-time', example: TIME }) since: string
  @Text('The cause that it follows from.', { optional: true, example: 'disk_full' }) under?: string
  @SomeOf('The channels that have been told.', { of: CHANNELS, example: ['slack'] }) told: string[]
  @Text('Its runbook.', { example: 'docs/runbooks/storage-space.md' }) runbook: string
}

export class AlertsAnswerDto {
  @NestedList('The alerts that stand.', AlertDto) alerts: AlertDto[]
  @TextList('The channels that are set up.', { example: ['slack'] }) channels: string[]
}

export class TestedDto {
  @OneOf('The channel.', { of: CHANNELS, example: 'slack' }) channel: string
  @OneOf('What came of it.', { of: ['delivered', 'rate_limited', 'failed'], example: 'delivered' }) outcome: string
  @Text('Why it was not delivered.', { optional: true, example: 'it answered 403' }) fault?: string
}

export class TestedAnswerDto {
  @NestedList('Each channel that is set up.', TestedDto) channels: TestedDto[]
}
