// `lighthouse completion`: scripts that complete commands and options in bash, zsh and fish, made of the table of commands.
import { HELP_SAYS, type Table } from '../help.js'
import { Usage } from '../usage-error.js'

interface Word {
  readonly word: string
  readonly says: string
}

/** What may follow the words typed so far: the first key is '' for nothing, then `groups`, then `groups take`. */
type Following = ReadonlyMap<string, readonly Word[]>

export function completionFor(shell: string, table: Table): string {
  const following = followingIn(table)
  switch (shell) {
    case 'bash':
      return bash(following)
    case 'zsh':
      return zsh(following)
    case 'fish':
      return fish(following)
    default:
      throw new Usage(`it completes in bash, zsh and fish, and not in ${shell}`)
  }
}

function followingIn({ commands, families }: Table): Following {
  const following = new Map<string, Word[]>([['', []]])
  const add = (before: string, words: readonly Word[]) => {
    following.set(before, [...(following.get(before) ?? []), ...words])
  }
  for (const [name, { summary, options }] of Object.entries(commands)) {
    const [first = '', member] = name.split(' ')
    const flags = Object.entries(options).map(([option, { says }]) => ({ word: `--${option}`, says }))
    if (member === undefined) add('', [{ word: first, says: summary }])
    else add(first, [{ word: member, says: summary }])
    add(name, [...flags, { word: '--help', says: HELP_SAYS }])
  }
  for (const [name, { summary }] of Object.entries(families)) add('', [{ word: name, says: summary }])
  return following
}

const wordsOf = (words: readonly Word[]) => words.map(({ word }) => word).join(' ')

function bash(following: Following): string {
  const cases = [...following].map(([before, words]) => `    '${before}') words='${wordsOf(words)}' ;;`)
  return `# eval "$(lighthouse completion bash)"
_lighthouse() {
  local current=\${COMP_WORDS[COMP_CWORD]} before='' words='' at
  for ((at = 1; at < COMP_CWORD && at < 3; at++)); do
    case \${COMP_WORDS[at]} in -*) break ;; esac
    before="\${before:+$before }\${COMP_WORDS[at]}"
  done
  while :; do
    case $before in
${cases.map(line => `  ${line}`).join('\n')}
    esac
    [[ -n $words || $before != *' '* ]] && break
    before=\${before% *}
  done
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _lighthouse lighthouse`
}

const quoted = (text: string) => text.replaceAll("'", `'\\''`)

function zsh(following: Following): string {
  const described = ({ word, says }: Word) => `'${word}:${quoted(says.replaceAll(':', '\\:'))}'`
  const cases = [...following].map(
    ([before, words]) => `      '${before}') words=(${words.map(described).join(' ')}) ;;`,
  )
  return `#compdef lighthouse
# eval "$(lighthouse completion zsh)"
_lighthouse() {
  local before='' at
  local -a words_before words
  words_before=(\${words[@]})
  words=()
  for ((at = 2; at < CURRENT && at < 4; at++)); do
    case \${words_before[at]} in -*) break ;; esac
    before="\${before:+$before }\${words_before[at]}"
  done
  while true; do
    case $before in
${cases.join('\n')}
    esac
    [[ \${#words} -gt 0 || $before != *' '* ]] && break
    before=\${before% *}
  done
  _describe -V 'lighthouse' words || _files
}
compdef _lighthouse lighthouse`
}

function fish(following: Following): string {
  const lines = [...following].flatMap(([before, words]) => {
    const [first, member] = before.split(' ')
    const seen = [first, member].filter(word => word !== undefined && word !== '')
    const family = seen.length === 1 && words.some(({ word }) => !word.startsWith('--'))
    const unseen = family ? `; and not __fish_seen_subcommand_from ${wordsOf(words)}` : ''
    const when =
      seen.length === 0
        ? '__fish_use_subcommand'
        : `${seen.map(word => `__fish_seen_subcommand_from ${word}`).join('; and ')}${unseen}`
    return words.map(({ word, says }) => {
      const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-f -a ${word}`
      return `complete -c lighthouse -n '${when}' ${what} -d '${quoted(says)}'`
    })
  })
  return ['# lighthouse completion fish | source', ...lines].join('\n')
}
