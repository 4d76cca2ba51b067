/** A server on port 80, of both families, that says who asks. `ready` is the first line that it prints. */
export const server: readonly string[] = [
  process.execPath,
  '-e',
  `require('net').createServer((socket) => {
    socket.on('error', () => {});
    socket.end(socket.remoteAddress.replace('::ffff:', ''));
  }).listen(80, '::', () => console.log('ready'));
  process.on('SIGTERM', () => process.exit());`,
];

/** Asks servers for what they say, one after the other, and prints a line for each: `timeout` or the code of the error where there is none. */
export function client(...targets: readonly (readonly [string, number])[]): readonly string[] {
  const script = `(async () => {
    for (const [host, port] of ${JSON.stringify(targets)}) {
      console.log(await new Promise((resolve) => {
        let text = '';
        const socket = require('net').connect({ host, port });
        socket.setTimeout(5000, () => { socket.destroy(); resolve('timeout'); });
        socket.on('data', (chunk) => (text += chunk));
        socket.on('error', ({ code }) => resolve(code));
        socket.on('end', () => resolve(text));
      }));
    }
  })()`;
  return [process.execPath, '-e', script];
}
