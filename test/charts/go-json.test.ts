// JSON as Go writes it; every expected text is what `json.Marshal` of Go 1.26 answers.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { goJson, goMapOf } from '../../src/charts/go-json.ts';

test.each([
  ['a <b> & "c" \\ /', String.raw`"a \u003cb\u003e \u0026 \"c\" \\ /"`],
  ['\u2028\u2029\u2027', '"\\u2028\\u2029\u2027"'],
  ['\b\f\n\r\t\0\x1f\x7f', '"\\b\\f\\n\\r\\t\\u0000\\u001f\x7f"'],
  ['é漢🎉', '"é漢🎉"'],
])('the text %j is %s', (text, json) => {
  expect(goJson(text)).toBe(json);
});

test.each([
  [0, '0'],
  [-0, '-0'],
  [1.5, '1.5'],
  [1e20, '100000000000000000000'],
  [1e21, '1e+21'],
  [1e-6, '0.000001'],
  [1e-7, '1e-7'],
  // The fewest digits that name the number, padded with zeros.
  [2 ** 63, '9223372036854776000'],
  [5e-324, '5e-324'],
])('the number %d is %s', (number, json) => {
  expect(goJson(number)).toBe(json);
});

test('the keys of a map are in the order of their bytes, at every depth', () => {
  const map = goMapOf({ '9': 1, '10': [{ b: 1, a: null }], '\u{1f389}': true, '\uffee': '', é: {}, B: [] });
  expect(goJson(map)).toBe('{"10":[{"a":null,"b":1}],"9":1,"B":[],"é":{},"\uffee":"","\u{1f389}":true}');
});

test('the fields of a struct keep their order, and the undefined ones are left out', () => {
  expect(goJson({ b: 1, a: undefined, 'c<': false })).toBe(String.raw`{"b":1,"c\u003c":false}`);
});

test('what is written says the same to every reader of JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(goJson(goMapOf(value)))).toEqual(value);
    }),
  );
});
