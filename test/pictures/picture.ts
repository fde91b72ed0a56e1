// The one look of all pictures of the documentation: boxes, arrows and words, in colours for a light and a dark page.

export type Tone = 'plain' | 'blue' | 'purple' | 'green' | 'yellow' | 'red' | 'open'

export interface Place {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
  readonly tone?: Tone
}

type Point = readonly [x: number, y: number]

/** Fill and border of each tone, on a light page and on a dark one. Words have one colour on all of them. */
const TONES: Readonly<Record<Tone, readonly [light: readonly [string, string], dark: readonly [string, string]]>> = {
  plain: [
    ['#f6f8fa', '#8c959f'],
    ['#161b22', '#7d8590'],
  ],
  blue: [
    ['#ddf4ff', '#0969da'],
    ['#121d2f', '#4493f8'],
  ],
  purple: [
    ['#fbefff', '#8250df'],
    ['#1f1730', '#ab7df8'],
  ],
  green: [
    ['#dafbe1', '#1a7f37'],
    ['#12261e', '#3fb950'],
  ],
  yellow: [
    ['#fff8c5', '#9a6700'],
    ['#272115', '#d29922'],
  ],
  red: [
    ['#ffebe9', '#cf222e'],
    ['#25171c', '#f85149'],
  ],
  open: [
    ['none', '#8c959f'],
    ['none', '#7d8590'],
  ],
}
const PAPER = ['#ffffff', '#0d1117'] as const
const INK = ['#1f2328', '#e6edf3'] as const
const PALE = ['#59636e', '#9198a1'] as const

/** Nothing is fetched: a picture is drawn with what the reader's machine has. */
const FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
const SIZE = 13
const LINE = 18
const WIDTH = 760

export class Picture {
  private readonly parts: string[] = []

  constructor(
    /** Of its file, without the ending. */
    readonly name: string,
    private readonly title: string,
    /** What it shows, for whoever does not see it. */
    private readonly description: string,
    private readonly height: number,
  ) {}

  /** With more than one line, the first is the name of what the box stands for. */
  box({ x, y, w, h, tone = 'plain' }: Place, ...lines: readonly string[]): this {
    const top = y + h / 2 - ((lines.length - 1) * LINE) / 2
    const words = lines.map((line, at) => {
      const bold = lines.length > 1 && at === 0 ? ' class="name"' : ''
      return `<text${bold} x="${x + w / 2}" y="${top + at * LINE}">${escaped(line)}</text>`
    })
    const edge = `<rect class="${tone}" x="${x}" y="${y}" width="${w}" height="${h}" rx="6"/>`
    this.parts.push(`<g class="box">${edge}${words.join('')}</g>`)
    return this
  }

  /** Words beside what is drawn; `y` is their middle. */
  words(x: number, y: number, text: string, anchor: 'start' | 'middle' | 'end' = 'start'): this {
    this.parts.push(`<text class="beside" x="${x}" y="${y}" text-anchor="${anchor}">${escaped(text)}</text>`)
    return this
  }

  arrow(...points: readonly Point[]): this {
    return this.line('arrow', points)
  }

  /** What may happen, or leads back. */
  dashedArrow(...points: readonly Point[]): this {
    return this.line('arrow dashed', points)
  }

  /** A border in time or place. */
  border(...points: readonly Point[]): this {
    return this.line('dashed', points)
  }

  private line(kind: string, points: readonly Point[]): this {
    this.parts.push(`<polyline class="${kind}" points="${points.map(point => point.join(',')).join(' ')}"/>`)
    return this
  }

  svg(): string {
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${this.height}" width="${WIDTH}" height="${this.height}" role="img" aria-labelledby="title description">`,
      `<title id="title">${escaped(this.title)}</title>`,
      `<desc id="description">${escaped(this.description)}</desc>`,
      `<style>\n${style()}\n</style>`,
      '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="tip" d="M0,0 L8,4 L0,8 z"/></marker>',
      `<rect class="paper" width="${WIDTH}" height="${this.height}" rx="8"/>`,
      ...this.parts,
      '</svg>',
      '',
    ].join('\n')
  }
}

function style(): string {
  return [
    `text { font: ${SIZE}px ${FONTS}; dominant-baseline: central; }`,
    '.box text { text-anchor: middle; }',
    '.name { font-weight: 600; }',
    'polyline { fill: none; stroke-width: 1.5; }',
    'rect { stroke-width: 1.5; }',
    '.arrow { marker-end: url(#tip); }',
    '.dashed, .open { stroke-dasharray: 5 4; }',
    coloured(0),
    `@media (prefers-color-scheme: dark) {\n${coloured(1)}\n}`,
  ].join('\n')
}

function coloured(page: 0 | 1): string {
  const tones = Object.entries(TONES).map(([tone, pages]) => {
    const [fill, border] = pages[page]
    return `.${tone} { fill: ${fill}; stroke: ${border}; }`
  })
  return [
    `.paper { fill: ${PAPER[page]}; stroke: none; }`,
    `text { fill: ${INK[page]}; }`,
    `.beside { fill: ${PALE[page]}; }`,
    `polyline { stroke: ${PALE[page]}; }`,
    `.tip { fill: ${PALE[page]}; }`,
    ...tones,
  ].join('\n')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
