// Posts the report of a gate, signed as notices of alerting are.
import { signedRequest } from '../../src/alerting/webhook.js'
import { type GateReport, rangeOf } from './run.js'

const PATIENCE_MS = 10_000

/** What it says does not depend on whether it was heard: the exit code stays that of the judgement. */
export async function sendReport(
  url: string,
  report: GateReport,
  secret = process.env['LIGHTHOUSE_ALERT_WEBHOOK_SECRET'] ?? '',
): Promise<boolean> {
  const { id, kind, ...run } = report.run
  const notice = {
    kind: 'gate',
    id,
    form: kind,
    judgement: report.judgement,
    exitCode: report.exitCode,
    title: titleOf(report),
    ...run,
    figures: report.judged,
    failures: report.failures,
    attribution: report.attribution,
  }
  const { headers, body } = signedRequest(url, secret, notice, Date.now())
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const answer = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'error' })
    await answer.arrayBuffer()
    if (answer.ok) return true
    process.stderr.write(`the webhook answered ${answer.status}: the report was not taken\n`)
  } catch {
    // The message could hold the address, which for webhooks may be a secret.
    process.stderr.write('the webhook could not be reached: the report was not taken\n')
  }
  return false
}

function titleOf({ run, judged, judgement, attribution }: GateReport): string {
  const tripped = judged.filter(one => one.judgement !== 'good')
  const figures = tripped.map(one => `${one.row} ${one.measure} ${rangeOf(one)}`).join(', ')
  const since = attribution === undefined ? '' : ` since ${attribution.commit.slice(0, 10)} «${attribution.subject}»`
  return `${run.before} → ${run.after}: ${judgement}${figures === '' ? '' : `: ${figures}`}${since}`
}
