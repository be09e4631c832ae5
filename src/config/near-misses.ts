import { distance } from 'fastest-levenshtein';

const sortedLetters = (name: string): string => [...name].sort().join('');

/** Names that are set but unknown, and close to a known one: most likely typing errors. */
export function nearMisses(env: NodeJS.ProcessEnv, known: readonly string[]): string[] {
  const close = (name: string) =>
    known.find(
      (candidate) =>
        sortedLetters(name) === sortedLetters(candidate) ||
        (candidate.length > 4 && distance(name, candidate) <= (candidate.length > 8 ? 2 : 1)),
    );
  return Object.keys(env)
    .filter((name) => !known.includes(name))
    .flatMap((name) => (close(name) ? [`${name} is not a setting; did you mean ${close(name)}?`] : []));
}
