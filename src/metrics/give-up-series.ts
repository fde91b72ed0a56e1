// The series of names that are busy no longer become part of the series of the others, so that series stay few and sums never fall.
import type { Counter } from 'prom-client'
import { type BusiestLabels, OTHER } from './busiest-labels.js'

/** In one go: nobody sees the value in both places, or in none. */
export async function giveUpSeries<L extends string>(
  counter: Counter<L>,
  named: Readonly<Record<L, BusiestLabels>>,
): Promise<void> {
  const { values } = await counter.get()
  for (const series of values) {
    const labels = { ...series.labels }
    let stays = true
    for (const label in named) {
      if (named[label].has(String(labels[label]))) continue
      labels[label] = OTHER
      stays = false
    }
    if (stays) continue
    counter.inc(labels, series.value)
    counter.remove(series.labels as Record<L, string>)
    // Whoever has asked for the values and not looked at them yet holds this one too.
    series.value = 0
  }
}
