// Every example of the help, in an order in which each finds what it needs, and a few lines that prepare it.
export interface Step {
  readonly line: string
  /** Stored while the command runs; after as many lines of output as are to come Ctrl-C is pressed. */
  readonly meanwhile?: number
  /** The exit code; 0 when left out. */
  readonly code?: number
  /** What it prints depends on how busy the machine is; a check may warn. */
  readonly busy?: true
  /** A variable that later lines use, with what finds its value in the output. */
  readonly keeps?: readonly [variable: string, value: RegExp]
}

export const STORY: readonly Step[] = [
  // Writing and reading.
  { line: `lighthouse append TaskDone '{"score":0.9}' --stream agent_builder-1` },
  { line: 'lighthouse append --file events.ndjson' },
  { line: `echo '{"type":"Told","data":{}}' | lighthouse append - --stream agent_builder-1` },
  { line: 'lighthouse events --last 20' },
  { line: "lighthouse events --stream 'agent_*' --since 2026-01-31T00:00:00Z --json" },
  { line: 'lighthouse event 1' },
  { line: 'lighthouse why 1' },
  { line: 'lighthouse streams' },
  { line: "lighthouse streams 'agent_*' --json" },
  { line: "lighthouse query type=TaskDone 'data.score>=0.8'" },
  { line: `lighthouse query --where '{"or":[{"type":"A"},{"type":"B"}]}' --limit 10` },
  { line: "lighthouse query 'type~Task*' --select data.score --order-by position:desc" },
  { line: 'lighthouse state agent_builder-1' },
  { line: 'lighthouse state agent_builder-1 --at 1' },
  // Groups, projections, snapshots.
  { line: "lighthouse groups define workers --type 'Task*' --after start" },
  { line: 'lighthouse groups list' },
  { line: 'lighthouse groups show workers' },
  { line: 'lighthouse groups take workers --max 1', keeps: ['DELIVERY', /^\S+/] },
  { line: 'lighthouse groups ack workers $DELIVERY' },
  { line: 'lighthouse groups take workers --ack --json' },
  { line: 'lighthouse groups parked workers' },
  { line: 'lighthouse groups replay workers --all' },
  { line: 'lighthouse groups discard workers --all' },
  { line: 'lighthouse groups delete workers' },
  { line: 'lighthouse projections define tasks tasks.json' },
  { line: 'lighthouse projections list' },
  { line: 'lighthouse projections show tasks' },
  { line: 'lighthouse state tasks' },
  { line: 'lighthouse projections delete tasks' },
  { line: "lighthouse snapshot keep builder --stream 'agent_builder-1'" },
  { line: 'lighthouse snapshot list', keeps: ['SNAPSHOT', /^\S+-\d{16}/m] },
  { line: 'lighthouse snapshot show $SNAPSHOT' },
  { line: 'lighthouse snapshot verify $SNAPSHOT' },
  // Operating.
  { line: 'lighthouse whoami' },
  { line: 'lighthouse check', busy: true },
  { line: 'lighthouse check --timeout 5', busy: true },
  { line: 'lighthouse mode show', busy: true },
  { line: 'lighthouse alerts list', busy: true },
  {
    line: "lighthouse alerts silence 'old events are being removed' --cause storage_growth --for 2h",
    keeps: ['SILENCE', /(?<=^silence )\w+/],
  },
  { line: 'lighthouse alerts silences' },
  { line: 'lighthouse alerts unsilence $SILENCE' },
  { line: 'lighthouse alerts test' },
  { line: 'lighthouse export --url http://127.0.0.1:8765 --after 1 > more.ndjson' },
  // Following, last of what is read: how much is stored meanwhile is not always the same.
  { line: 'lighthouse tail', meanwhile: 1, code: 130 },
  { line: "lighthouse tail --type 'Task*' --format '{position} {type} {stream}'", meanwhile: 1, code: 130 },
  { line: 'lighthouse tail --after start --json | jq -c .data', meanwhile: 1, code: 130 },
  { line: 'lighthouse tail --resume-file seen.position', meanwhile: 1, code: 130 },
  // A data directory without a server.
  { line: 'lighthouse export ./data > events.ndjson' },
  { line: 'lighthouse import events.ndjson --url http://127.0.0.1:8765 --map ids.ndjson' },
  { line: 'lighthouse import events.ndjson --into ./copy' },
  { line: 'lighthouse verify ./data' },
  { line: 'lighthouse verify ./data --live --json' },
  { line: 'lighthouse repair ./data' },
  { line: 'lighthouse repair ./data --yes' },
  { line: 'lighthouse backup ./data ./backup' },
  { line: 'lighthouse restore ./backup ./data --to 2' },
  { line: 'lighthouse restore ./backup ./data --verify' },
  // This machine.
  { line: 'lighthouse config' },
  { line: 'lighthouse config --port 9000 | jq .port' },
  { line: 'lighthouse doctor', busy: true },
  { line: 'lighthouse doctor --data ./data --json', busy: true },
  { line: 'lighthouse context add here http://127.0.0.1:8765' },
  { line: 'lighthouse context list' },
  { line: 'lighthouse context use here' },
  { line: 'lighthouse context remove here' },
  { line: 'lighthouse token --agent builder-1' },
  { line: 'lighthouse token --agent ops --role admin --expires 30m' },
  { line: 'lighthouse version' },
  { line: 'lighthouse help' },
  { line: 'lighthouse help groups take' },
  // The end: from here on nothing is appended.
  { line: "lighthouse mode emergency 'the disk is being moved'" },
  { line: "lighthouse mode release 'the disk is back'" },
]

/** Lines that run servers or are for one shell: what they do is held by specs of their own. */
export const ELSEWHERE: readonly string[] = [
  'lighthouse dev',
  'lighthouse dev --port 0 --data /tmp/lighthouse',
  'lighthouse serve --port 9000 --data ./data',
  'lighthouse start --port 9000 --data ./data',
  'eval "$(lighthouse completion bash)"',
  'lighthouse completion fish | source',
]

/** Wrong uses: each says in one line what is wrong, or what to do next, and ends with 1, 2 or 3. */
export const MISTAKES: readonly string[] = [
  // Words that are no commands, and options that are none.
  'lighthouse',
  'lighthouse apend',
  'lighthouse evnts',
  'lighthouse frobnicate',
  'lighthouse --frobnicate',
  'lighthouse help apend',
  'lighthouse groups lst',
  'lighthouse groups frobnicate',
  'lighthouse help groups lst',
  'lighthouse tail --jsn',
  'lighthouse tail --frobnicate',
  'lighthouse events -x',
  'lighthouse groups list --limit 5',
  'lighthouse tail --format',
  // What is missing, and what is too much.
  'lighthouse event',
  'lighthouse event 1 2',
  'lighthouse state',
  'lighthouse why',
  'lighthouse append',
  'lighthouse append TaskDone',
  'lighthouse append TaskDone {} more --stream s',
  'lighthouse query',
  'lighthouse groups show',
  'lighthouse groups ack workers',
  'lighthouse groups replay workers',
  'lighthouse groups discard workers 1 --all',
  'lighthouse projections define tasks',
  'lighthouse mode emergency',
  'lighthouse alerts silence why',
  'lighthouse context add here',
  'lighthouse completion',
  // Values that are not understood here.
  'lighthouse append TaskDone {score:1} --stream s',
  'lighthouse append TaskDone [] --stream s',
  'lighthouse append TaskDone --stream s --expected-revision -1',
  'lighthouse append TaskDone --stream s --file events.ndjson',
  "echo 'no JSON' | lighthouse append -",
  'echo \'{"type":"T","data":{}}\' | lighthouse append -',
  'lighthouse events --limit many',
  'lighthouse events --limit 1 --last 1',
  'lighthouse tail --after 1 --last 1',
  'lighthouse query data.score',
  'lighthouse state agent_builder-1 --reducer sum',
  'lighthouse groups define workers --ordering sometimes',
  'lighthouse alerts silence why --for long',
  'lighthouse check --timeout soon',
  'lighthouse completion tcsh',
  'lighthouse context add here nowhere',
  'lighthouse context use nowhere',
  'lighthouse events --server nowhere',
  // What the server does not understand, does not have, or refuses.
  'lighthouse events --since yesterday',
  'lighthouse event 999999',
  'lighthouse state nowhere',
  'lighthouse groups show nowhere',
  'lighthouse projections show nowhere',
  'lighthouse snapshot show nowhere',
  'lighthouse append TaskDone --stream agent_builder-1 --expected-revision 99',
  'lighthouse alerts silence why --for 2h --cause weather',
  'lighthouse whoami --token nonsense',
  'lighthouse events --server http://127.0.0.1:2 --token t',
  'lighthouse events --server http://lighthouse.example',
]
