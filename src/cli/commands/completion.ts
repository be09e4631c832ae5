import { CommandError, exitCodes } from '../exit-codes.js';
import type { Noun } from '../noun.js';
import { verb, type Verb } from '../verb.js';

const shells = ['bash', 'zsh', 'fish'] as const;
const globalFlags = [
  '--url',
  '--profile',
  '--token-file',
  '--json',
  '--jsonl',
  '--plain',
  '--fields',
  '--timeout',
  '--no-input',
  '--no-color',
  '--quiet',
  '--curl',
  '--help',
];

interface Words {
  readonly noun: string;
  readonly summary: string;
  readonly alone: boolean;
  readonly verbs: readonly { readonly name: string; readonly summary: string; readonly flags: readonly string[] }[];
}

/** Everything that can stand on the line. */
async function allWords(nouns: readonly Noun[]): Promise<Words[]> {
  const words: Words[] = [];
  for (const { name, summary, alone, load } of nouns) {
    const verbs = (await load()).map((each) => ({
      name: each.name,
      summary: each.summary,
      flags: (each.options ?? []).flatMap(({ long }) => long ?? []),
    }));
    words.push({ noun: name, summary, alone: alone === true, verbs });
  }
  return words;
}

/** For each noun its verbs, for each verb its flags; bash and zsh share it. */
function bashScript(words: readonly Words[]): string {
  const cases = words.flatMap(({ noun, alone, verbs }) => [
    ...(alone ? [] : [`    "${noun} ") words="${verbs.map(({ name }) => name).join(' ')}" ;;`]),
    ...verbs.map(
      ({ name, flags }) => `    "${alone ? `${noun} ` : `${noun} ${name}`}") words="${[...flags, ...globalFlags].join(' ')}" ;;`,
    ),
  ]);
  return [
    '_signalbox() {',
    '  local current="${COMP_WORDS[COMP_CWORD]}" words',
    '  local second="${COMP_WORDS[2]}"; [ "$COMP_CWORD" -le 2 ] && second=""',
    '  case "${COMP_WORDS[1]} $second" in',
    ...cases,
    `    *) words="${words.map(({ noun }) => noun).join(' ')}" ;;`,
    '  esac',
    `  [ "$COMP_CWORD" -le 1 ] && words="${words.map(({ noun }) => noun).join(' ')}"`,
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '}',
    'complete -F _signalbox signalbox',
  ].join('\n');
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

function fishScript(words: readonly Words[]): string {
  const lines = words.flatMap(({ noun, summary: about, alone, verbs }) => [
    `complete -c signalbox -n __fish_use_subcommand -a ${noun} -d ${quoted(about)}`,
    ...verbs.flatMap(({ name, summary, flags }) => [
      ...(alone ? [] : [`complete -c signalbox -n '__fish_seen_subcommand_from ${noun}' -a ${name} -d ${quoted(summary)}`]),
      ...flags.map((flag) => `complete -c signalbox -n '__fish_seen_subcommand_from ${alone ? noun : name}' -l ${flag.slice(2)}`),
    ]),
  ]);
  return ['complete -c signalbox -f', ...globalFlags.map((flag) => `complete -c signalbox -l ${flag.slice(2)}`), ...lines].join('\n');
}

async function scriptFor(shell: string, nouns: readonly Noun[]): Promise<string> {
  const words = await allWords(nouns);
  if (shell === 'fish') return fishScript(words);
  return shell === 'zsh' ? `autoload -U +X bashcompinit && bashcompinit\n${bashScript(words)}` : bashScript(words);
}

/** `signalbox completion`. */
export const completionVerbs = (nouns: readonly Noun[]): readonly Verb[] => [
  verb({
    name: 'completion',
    args: '<shell>',
    summary: 'Print the completion script of bash, zsh or fish, such as for: source <(signalbox completion bash)',
    examples: ['completion bash', 'completion zsh', 'completion fish'],
    run: async (invocation, [shell = '']) => {
      if (!(shells as readonly string[]).includes(shell))
        throw new CommandError(exitCodes.usage, `There is completion for ${shells.join(', ')}.`);
      invocation.printer.line(await scriptFor(shell, nouns));
    },
  }),
];
