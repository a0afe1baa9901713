// The type tests: every announced compiler error is found, with its code and text, and there is no other.
import t from 'tap';
import { unexpectedErrors } from '../../support/expected-errors.js';

const programs = ['test/runtime/types/fields.ts', 'test/runtime/types/capabilities.ts'];

t.test('programs that must not compile do not, for the right reason', (t) => {
  t.same(unexpectedErrors(programs), []);
  t.end();
});
