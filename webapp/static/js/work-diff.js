// The words in which two texts differ. Pure: texts in, pieces out.
// The shortest edit script of E. W. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986).

const MOST_EDITS = 1500; // beyond this two texts have little in common, and it would take long to say so

// Scripts that put no spaces between words; all others are cut by rule, which is many times quicker.
const UNSPACED = "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Khmer}\\p{Script=Lao}";
const PIECE = new RegExp(`[${UNSPACED}]+|(?:[^\\P{L}${UNSPACED}]|[\\p{M}\\p{N}_])+|\\s+|[^]`, "gu");
const UNSPACED_RUN = new RegExp(`^[${UNSPACED}]`, "u");
const segmenter = globalThis.Intl?.Segmenter && new Intl.Segmenter(undefined, { granularity: "word" });

function cut(run) {
  if (!UNSPACED_RUN.test(run)) return [run];
  return segmenter ? [...segmenter.segment(run)].map((piece) => piece.segment) : [...run];
}

// Words, and what stands between words as pieces of their own; together they are the text.
export function wordsOf(text) {
  return (text.match(PIECE) ?? []).flatMap(cut);
}

// Whether the best way to diagonal k comes by a word of `other`; `at(k)`: how far along `one` diagonal k has come.
function isDown(k, edits, at) {
  return k === -edits || (k !== edits && at(k - 1) < at(k + 1));
}

// Before each number of edits: how far along `one` the diagonals have come; null where there are too many edits.
function furthest(one, other) {
  const most = Math.min(one.length + other.length, MOST_EDITS);
  const reached = new Int32Array(2 * most + 3); // diagonal k at k + most + 1
  const at = (k) => reached[k + most + 1];
  const trace = [];
  for (let edits = 0; edits <= most; edits += 1) {
    trace.push(reached.slice(most - edits, most + edits + 3)); // diagonals -edits-1 … edits+1
    for (let k = -edits; k <= edits; k += 2) {
      let x = isDown(k, edits, at) ? at(k + 1) : at(k - 1) + 1;
      while (x < one.length && x - k < other.length && one[x] === other[x - k]) x += 1;
      reached[k + most + 1] = x;
      if (x >= one.length && x - k >= other.length) return trace;
    }
  }
  return null;
}

// Walks the trace back from the end: [kind, word] with kind "same", "one" or "other".
function walk(one, other, trace) {
  const steps = [];
  let [x, y] = [one.length, other.length];
  for (let edits = trace.length - 1; edits > 0; edits -= 1) {
    const at = (k) => trace[edits][k + edits + 1];
    const k = x - y;
    const down = isDown(k, edits, at);
    const fromX = down ? at(k + 1) : at(k - 1);
    const fromY = fromX - (down ? k + 1 : k - 1);
    for (const after = down ? fromX : fromX + 1; x > after; y -= 1) steps.push(["same", one[x -= 1]]);
    steps.push(down ? ["other", other[fromY]] : ["one", one[fromX]]);
    [x, y] = [fromX, fromY];
  }
  while (x > 0) steps.push(["same", one[x -= 1]]);
  return steps.reverse();
}

// Neighbours of a kind become one piece.
function joined(steps) {
  const pieces = [];
  for (const [kind, text] of steps) {
    const last = pieces.at(-1);
    if (last?.kind === kind) last.text += text;
    else pieces.push({ kind, text });
  }
  return pieces;
}

// Numbers are compared faster than words.
function numbered(...texts) {
  const numbers = new Map();
  const number = (word) => numbers.get(word) ?? (numbers.set(word, numbers.size), numbers.size - 1);
  return texts.map((words) => Int32Array.from(words, number));
}

// [{kind: "same" | "one" | "other", text}]: without "other" it reads as `one`, without "one" as `other`.
export function difference(one, other) {
  const [left, right] = [wordsOf(one), wordsOf(other)];
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start += 1;
  let end = 0;
  while (end < Math.min(left.length, right.length) - start && left.at(-1 - end) === right.at(-1 - end)) end += 1;
  const [l, r] = [left.slice(start, left.length - end), right.slice(start, right.length - end)];
  const trace = furthest(...numbered(l, r));
  const middle = trace ? walk(l, r, trace) : [...l.map((word) => ["one", word]), ...r.map((word) => ["other", word])];
  const same = (words) => words.map((word) => ["same", word]);
  return joined([...same(left.slice(0, start)), ...middle, ...same(left.slice(left.length - end))]);
}

// Share of the words that both have, 0 to 1.
export function alike(pieces) {
  const count = (text) => wordsOf(text).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
  const size = { same: 0, one: 0, other: 0 };
  for (const { kind, text } of pieces) size[kind] += count(text);
  const all = 2 * size.same + size.one + size.other;
  return all ? (2 * size.same) / all : 1;
}
