import { currentSize } from '@ts-c/terminal';

const size = currentSize(process.stdout);
console.log(size ? `${size.rows} rows of ${size.columns} columns` : 'no terminal here');
