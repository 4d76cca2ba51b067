/** The name under which this package's steps appear in listings and errors. */
export const owner = '@ts-c/terminal';
