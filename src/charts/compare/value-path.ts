// How the place of a value is written: `image.tag`, `nodeSelector."kubernetes.io/os"`, `ingress.hosts[].host`.

/** What a key can be without quotes: no dot, quote, bracket or white space, so that a path has one meaning. */
const PLAIN_KEY = /^[^\s.,"'\\[\]]+$/;
/** characters of one key that are shown */
const MAXIMUM_KEY = 200;
/** characters of a path, which one more step may exceed */
const MAXIMUM_PATH = 1000;

/** Any item of a list, and any key of a map that its schema does not name. */
export const ANY_ITEM = Symbol('any item');
export const ANY_KEY = Symbol('any key');

export type PathStep = string | typeof ANY_ITEM | typeof ANY_KEY;

/** The empty text for the whole document. */
export function pathText(steps: readonly PathStep[]): string {
  let text = '';
  for (const step of steps) {
    if (text.length > MAXIMUM_PATH) return `${text}…`;
    if (step === ANY_ITEM) text += '[]';
    else text += `${text === '' ? '' : '.'}${step === ANY_KEY ? '*' : keyText(step)}`;
  }
  return text;
}

function keyText(key: string): string {
  if (key.length > MAXIMUM_KEY) return JSON.stringify(`${key.slice(0, MAXIMUM_KEY)}…`);
  return PLAIN_KEY.test(key) && key !== '*' ? key : JSON.stringify(key);
}
