// Pictures of what is made of the log: following, sharing work, states, and what the service takes while it is in trouble.
import { Picture, type Tone } from './picture.js'

/** Events of the log in a row, under their positions. */
function row(picture: Picture, y: number, from: number, tones: readonly Tone[]): void {
  for (const [at, tone] of tones.entries()) picture.box({ x: 150 + at * 60, y, w: 52, h: 34, tone }, String(from + at))
}

export function following(): Picture {
  const picture = new Picture(
    'following',
    'Following: what there is, then what comes',
    'A follower begins behind position 2 and reads what the log holds. At the head it is told caughtUp and from then on of each new event. Its connection breaks behind position 7; it comes back with the position it has, and goes on with 8.',
    250,
  )
  picture.words(16, 62, 'the log')
  row(picture, 45, 1, ['open', 'open', 'blue', 'blue', 'blue', 'green', 'green', 'purple', 'purple'])
  return picture
    .words(150, 28, 'begins behind 2')
    .border([446, 20], [446, 112])
    .border([566, 20], [566, 112])
    .words(438, 100, 'read from the log', 'end')
    .words(506, 100, 'as they come', 'middle')
    .words(574, 100, 'after a break')
    .box({ x: 150, y: 136, w: 170, h: 50, tone: 'blue' }, 'subscribed', 'event 3, 4, 5')
    .arrow([320, 161], [352, 161])
    .box({ x: 356, y: 136, w: 170, h: 50, tone: 'green' }, 'caughtUp', 'event 6, 7')
    .dashedArrow([526, 161], [562, 161])
    .box({ x: 566, y: 136, w: 170, h: 50, tone: 'purple' }, 'again, behind 7', 'event 8, 9')
    .words(16, 161, 'a follower')
    .words(150, 220, 'Who keeps the position of the last event it has handled misses and repeats nothing.')
}

export function group(): Picture {
  const picture = new Picture(
    'group',
    'A group hands each event to one of its consumers',
    'Of nine positions the group has settled everything up to 3, which is its floor. Events 4 and 5 are in flight with two consumers until their deadlines, 6 is parked after its attempts, 7 is being tried again, 8 and 9 have not been handed out.',
    330,
  )
  picture.words(16, 62, 'the log')
  row(picture, 45, 1, ['open', 'open', 'open', 'blue', 'blue', 'red', 'yellow', 'plain', 'plain'])
  return picture
    .border([326, 20], [326, 112])
    .words(318, 100, 'settled', 'end')
    .words(318, 28, 'the floor: 3', 'end')
    .words(334, 28, 'the lag: 6 positions from the floor to the head')
    .box({ x: 250, y: 140, w: 300, h: 44 }, 'the group «builders»', 'remembers in the log itself')
    .arrow([356, 84], [356, 136])
    .arrow([416, 84], [416, 136])
    .dashedArrow([476, 84], [476, 136])
    .dashedArrow([536, 84], [536, 136])
    .arrow([300, 184], [300, 200], [110, 200], [110, 224])
    .arrow([360, 184], [360, 224])
    .dashedArrow([500, 184], [500, 200], [640, 200], [640, 224])
    .box({ x: 24, y: 228, w: 172, h: 62, tone: 'blue' }, 'builder-1', '4 in flight', 'until its deadline')
    .box({ x: 274, y: 228, w: 172, h: 62, tone: 'blue' }, 'builder-2', '5 in flight', 'until its deadline')
    .box({ x: 536, y: 228, w: 200, h: 62, tone: 'red' }, '6 is parked', 'until somebody replays', 'or discards it')
    .words(24, 314, '7 was returned and is handed out again; 8 and 9 wait for who takes next.')
}

export function projection(): Picture {
  return new Picture(
    'projection',
    'A projection folds events into states, and a snapshot shortens the way',
    'Four events are folded one after the other: 1 opens the task T-17, 2 opens T-18, 3 claims T-17, 4 finishes it. The projection has a state for each key: T-17 is done, T-18 is open. A snapshot at position 2 holds the states of then, so that a fold may begin there and needs only the events 3 and 4.',
    316,
  )
    .words(16, 62, 'events')
    .box({ x: 110, y: 36, w: 145, h: 52, tone: 'blue' }, '1  opened', 'T-17')
    .box({ x: 270, y: 36, w: 145, h: 52, tone: 'green' }, '2  opened', 'T-18')
    .box({ x: 430, y: 36, w: 145, h: 52, tone: 'blue' }, '3  claimed', 'T-17')
    .box({ x: 590, y: 36, w: 145, h: 52, tone: 'blue' }, '4  done', 'T-17')
    .arrow([182, 92], [182, 140])
    .arrow([342, 92], [342, 140])
    .arrow([502, 92], [502, 140])
    .arrow([662, 92], [662, 140])
    .words(16, 162, 'the fold')
    .box(
      { x: 110, y: 144, w: 625, h: 36 },
      'what each type of event does to the state of its key: a definition, no code',
    )
    .arrow([662, 180], [662, 224])
    .dashedArrow([342, 180], [342, 224])
    .words(16, 254, 'states')
    .box({ x: 250, y: 228, w: 200, h: 62, tone: 'yellow' }, 'a snapshot at 2', 'T-17 open', 'T-18 open')
    .box({ x: 535, y: 228, w: 200, h: 62, tone: 'purple' }, 'the states at 4', 'T-17 done', 'T-18 open')
    .dashedArrow([450, 258], [530, 258])
    .words(490, 244, '3, 4', 'middle')
    .words(110, 254, 'as it was')
}

export function mode(): Picture {
  return new Picture(
    'mode',
    'The mode of the service',
    'NORMAL and WARNING take everything. A critical cause leads to EMERGENCY, in which reads go on and appends are refused. It is left through RECOVERING alone, by a trial write that is stored; RECOVERING takes 10, then 50, then 100 percent of the appends and ends in NORMAL, or falls back when a trial write fails.',
    300,
  )
    .box({ x: 40, y: 40, w: 230, h: 64, tone: 'green' }, 'NORMAL', 'takes everything')
    .box({ x: 490, y: 40, w: 230, h: 64, tone: 'yellow' }, 'WARNING', 'takes everything, and tells')
    .box({ x: 490, y: 196, w: 230, h: 64, tone: 'red' }, 'EMERGENCY', 'reads alone go on')
    .box({ x: 40, y: 196, w: 230, h: 64, tone: 'blue' }, 'RECOVERING', '10, 50, 100 % of the appends')
    .arrow([270, 58], [484, 58])
    .words(378, 44, 'a cause warns', 'middle')
    .arrow([490, 88], [276, 88])
    .words(378, 102, 'it is over', 'middle')
    .arrow([605, 104], [605, 190])
    .words(615, 148, 'it is critical')
    .arrow([270, 98], [486, 200])
    .arrow([490, 216], [276, 216])
    .words(378, 230, 'a trial write is stored', 'middle')
    .dashedArrow([270, 246], [484, 246])
    .words(378, 260, 'one fails', 'middle')
    .arrow([155, 196], [155, 110])
    .words(165, 152, 'all is taken again')
}
