// Patterns in which "*" stands for any characters and "?" for one.

/**
 * Goes back only to the last "*" seen, never to an earlier one, so the work is at most the product of the two lengths: an
 * earlier "*" that took less has nothing to offer that the last one cannot reach.
 */
export function matchesGlob(text: string, glob: string): boolean {
  let at = 0;
  let inGlob = 0;
  let star = -1;
  let resumeAt = 0;
  while (at < text.length) {
    if (glob[inGlob] === '*') {
      star = inGlob;
      resumeAt = at;
      inGlob += 1;
    } else if (glob[inGlob] === '?' || glob[inGlob] === text[at]) {
      at += 1;
      inGlob += 1;
    } else if (star !== -1) {
      resumeAt += 1;
      at = resumeAt;
      inGlob = star + 1;
    } else {
      return false;
    }
  }
  while (glob[inGlob] === '*') inGlob += 1;
  return inGlob === glob.length;
}
