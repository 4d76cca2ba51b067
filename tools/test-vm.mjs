// pnpm test:vm [filter…]: the tests of the virtual machine, those whose path holds a filter.
import { lineOf } from './counts.mjs';
import { install } from './setup.mjs';
import { testInGuests } from './vm/test.mjs';

await install();
const counts = await testInGuests(process.argv.slice(2));
process.exitCode = counts.failed > 0 ? 1 : 0;
console.log(lineOf(counts));
