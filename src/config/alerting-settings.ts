// Where alerts go and when: the figures of LIGHTHOUSE_ALERTING, their defaults, and what is wrong with given ones. Pure.

export const DEFAULT_ALERTING = {
  pagerdutyUrl: 'https://events.pagerduty.com',
  slackUrl: 'https://slack.com',
  /** Channels of Slack by severity or by component; `default` takes the rest. */
  slackChannels: { default: '#lighthouse-alerts' } as Readonly<Record<string, string>>,
  webhookUrl: '',
  heartbeatUrl: '',
  heartbeatSeconds: 60,
  /** Where the runbooks can be opened; empty: alerts name their path in the repository. */
  runbookUrl: '',
  dashboardUrl: '',
  p2Seconds: 900,
  p3Seconds: 3_600,
  /** How long a P2 stands before it is a P1, and a P3 before it is a P2; 0: it never is. */
  raiseP2Seconds: 3_600,
  raiseP3Seconds: 14_400,
  /** How long a cause has to be over before its alert is. */
  calmSeconds: 300,
  /** The hour of the day, in UTC, of the digest. */
  digestHour: 8,
  /** Denied requests in a minute from which they are an incident; 0: never. */
  deniedPerMinute: 100,
}

export type AlertingSettings = Readonly<typeof DEFAULT_ALERTING>

export const WHAT_OF_ALERTING: Readonly<Record<keyof AlertingSettings, string>> = {
  pagerdutyUrl: 'where the Events API v2 of PagerDuty is',
  slackUrl: 'where the Web API of Slack is',
  slackChannels: 'channels by severity (`P1`) or component (`storage`), the severity first; `default` takes the rest',
  webhookUrl: 'an address that gets every notice as JSON; empty: none',
  heartbeatUrl: 'an address that is asked while the server is alive; empty: none',
  heartbeatSeconds: 'how often it is',
  runbookUrl: 'the folder of the runbooks as people can open it; empty: alerts name the path in the repository',
  dashboardUrl: 'the dashboard that alerts link to; empty: none',
  p2Seconds: 'how long a P2 stands before it is told',
  p3Seconds: 'how long a P3 does',
  raiseP2Seconds: 'how long a P2 stands before it is a P1; 0: it never is',
  raiseP3Seconds: 'how long a P3 stands before it is a P2; 0: it never is',
  calmSeconds: 'how long a cause has to be over before its alert is resolved',
  digestHour: 'the hour of the day, in UTC, of the digest',
  deniedPerMinute: 'denied requests in a minute from which they are an incident; 0: never',
}

export function alertingTable(): string {
  const rows = Object.entries(DEFAULT_ALERTING).map(([name, value]) => {
    const shown = typeof value === 'object' ? JSON.stringify(value) : value === '' ? "''" : value
    return `| \`${name}\` | \`${shown}\` | ${WHAT_OF_ALERTING[name as keyof AlertingSettings]} |`
  })
  return ['| figure | default | what |', '| --- | --- | --- |', ...rows].join('\n')
}

/** Ends a sentence that begins with the setting; undefined when the given figures can be used. */
export function alertingFault(given: Readonly<Record<string, unknown>>): string | undefined {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULT_ALERTING, name)) return `there is no figure ${name}`
    const usual: unknown = DEFAULT_ALERTING[name as keyof AlertingSettings]
    if (name === 'slackChannels') {
      if (!areChannels(value)) return 'slackChannels is no map of names of channels with a default'
    } else if (typeof usual === 'number') {
      const most = name === 'digestHour' ? 23 : 31_536_000
      const least = name === 'heartbeatSeconds' ? 1 : 0
      if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most)
        return `${name} is no whole number from ${least} to ${most}`
    } else if (!isAddress(value)) return `${name} is no address that begins with https:// or http://`
  }
  return undefined
}

function areChannels(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, 'default'))
    return false
  return Object.values(value).every(name => typeof name === 'string' && name !== '')
}

function isAddress(value: unknown): boolean {
  return value === '' || (typeof value === 'string' && /^https?:\/\//.test(value) && URL.canParse(value))
}
