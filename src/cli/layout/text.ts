/** Texts of other people on a terminal: nothing in them moves the cursor, and none is longer than its place. */

/** Controls of the terminal, and marks that turn the direction of the text around them. */
// oxlint-disable-next-line no-control-regex -- these are the ones that are replaced
const CONTROLS = /[\u0000-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;
/** Letters that take two columns. */
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]/u;
const ELLIPSIS = '…';

/** A text in one line that cannot move the cursor. */
export function oneLine(text: string): string {
  return text
    .replace(/[\t\n\r ]+/g, ' ')
    .trim()
    .replace(CONTROLS, '\uFFFD');
}

/** How many columns of a terminal a text takes. */
export function widthOf(text: string): number {
  if (/^[\u0020-\u007E]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemesOf(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** The text, cut to so many columns. One that is cut ends with an ellipsis. */
export function cutTo(width: number, text: string): string {
  if (widthOf(text) <= width) return text;
  let cut = '';
  let left = width - 1;
  for (const { segment } of graphemesOf(text)) {
    left -= WIDE.test(segment) ? 2 : 1;
    if (left < 0) break;
    cut += segment;
  }
  return cut + ELLIPSIS;
}

function graphemesOf(text: string): Iterable<{ segment: string }> {
  return new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text);
}
