import { UsageError } from '../usage-error.ts';

/** JSON that a person typed. No error quotes it. */

const TEXTS = /"(?:[^"\\]|\\.)*"/g;
const WHOLE_NUMBERS = /(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;

/**
 * Reads JSON. A whole number that JavaScript would round is refused: as an ID it would be that of another job.
 *
 * @param rule - What it must be.
 * @throws {@link UsageError}
 */
export function readJson(text: string, rule: string): unknown {
  const parsed = ((): { value: unknown } | undefined => {
    try {
      return { value: JSON.parse(text) };
    } catch {
      return undefined;
    }
  })();
  if (!parsed) throw new UsageError(rule);
  const numbers = text.replace(TEXTS, '').match(WHOLE_NUMBERS) ?? [];
  if (numbers.some((number) => BigInt(number) !== BigInt(Number(number)))) {
    throw new UsageError('the JSON has a whole number that would be rounded: give it as a text, if the other side takes that');
  }
  return parsed.value;
}
