import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { isRoot, onTerminal, readAll, readUntil, scriptOnTerminal } from './container.ts';

describe.skipIf(!isRoot)('a command on a terminal of its own devpts (needs root)', () => {
  it('finds its streams, its controlling terminal and its console there', async () => {
    const output = await scriptOnTerminal(
      'tty; echo to tty > /dev/tty; echo to console > /dev/console',
    );
    expect(output).toBe('/dev/pts/0\nto tty\nto console\n');
  });

  it('has the console on the very same device, and leads the session', async () => {
    const output = await scriptOnTerminal(
      "stat -c '%t:%T %a %g' /dev/console /dev/pts/0; ps -o pid=,sid=,tpgid=,tty= -p $$",
    );
    const [console, slave, ids = ''] = output.split('\n');
    expect(console).toBe(slave);
    expect(slave).toBe('88:0 620 5');
    const [pid, session, foreground] = ids.trim().split(/\s+/);
    expect([session, foreground]).toEqual([pid, pid]);
  });

  it('sees the size that it was given, and a new one with a SIGWINCH', async () => {
    const script = "trap 'stty size; exit' WINCH; stty size; while :; do sleep 0.05; done";
    const { terminal, exited } = await onTerminal(['/bin/sh', '-c', script], {
      size: { rows: 31, columns: 91 },
    });
    expect(terminal.size).toEqual({ rows: 31, columns: 91 });
    await readUntil(terminal, '31 91\n');
    terminal.resize({ rows: 24, columns: 65535 });
    expect(await readAll(terminal)).toBe('24 65535\n');
    expect(await exited).toBe(0);
  });

  it('belongs to whom it should', async () => {
    const output = await scriptOnTerminal('stat -c "%u %g %a" /dev/pts/0 /dev/console', {
      owner: { uid: 1234, gid: 5 },
    });
    expect(output).toBe('1234 5 620\n1234 5 620\n');
  });

  it('gets what is typed, and the terminal echoes it', async () => {
    const { terminal } = await onTerminal(['/bin/sh', '-c', 'echo ready; read x; echo "got $x"']);
    await readUntil(terminal, 'ready\n');
    terminal.write('word\n');
    expect(await readAll(terminal)).toBe('word\ngot word\n');
  });

  it('gets SIGINT for ctrl-C', async () => {
    const script = 'trap "echo interrupted; exit 3" INT; echo ready; while :; do sleep 0.05; done';
    const { terminal, exited } = await onTerminal(['/bin/sh', '-c', script]);
    await readUntil(terminal, 'ready\n');
    terminal.write('\u0003');
    expect(await readAll(terminal)).toBe('^Cinterrupted\n');
    expect(await exited).toBe(3);
  });

  it('hands over a megabyte to the last byte, also to who is slow to read it', async () => {
    const { terminal, exited } = await onTerminal([
      '/bin/sh',
      '-c',
      'stty -opost; yes x | head -c 1048576; echo; echo end',
    ]);
    let length = 0;
    let last = '';
    for await (const chunk of terminal) {
      length += (chunk as string).length;
      last = (last + String(chunk)).slice(-5);
      if (length < 100_000)
        await new Promise((resolve) => {
          setTimeout(resolve, 5);
        });
    }
    expect([length, last]).toEqual([1_048_576 + 5, '\nend\n']);
    expect(await exited).toBe(0);
    expect(terminal.destroyed).toBe(true);
  });

  it('has lost nothing of what a command printed that has ended before anybody looked', async () => {
    const { terminal, exited } = await onTerminal(['/bin/sh', '-c', 'seq 1 500']);
    await exited;
    const lines = (await readAll(terminal)).trimEnd().split('\n');
    expect([lines.length, lines[0], lines.at(-1)]).toEqual([500, '1', '500']);
  });

  it('ends when its last process has let go of it, not when the first one has ended', async () => {
    const script = 'trap "" HUP; (sleep 0.2; echo late) & echo early; exit 0';
    expect(await scriptOnTerminal(script)).toBe('early\nlate\n');
  });

  it('swallows a megabyte that is typed, no faster than it is read', async () => {
    const { terminal } = await onTerminal([
      '/bin/sh',
      '-c',
      'stty raw -echo; echo ready; head -c 1048576 | cksum',
    ]);
    await readUntil(terminal, 'ready\n');
    terminal.write(Buffer.alloc(1_048_576));
    // What cksum(1) says of a megabyte of zeros.
    expect(await readAll(terminal)).toMatch(/^3018728591 1048576\n$/);
  });

  it.each([
    ['nothing', '', '0'],
    ['a line', 'line\n', '5'],
    ['half a line', 'half', '4'],
  ])('types an end-of-file when it is ended after %s', async (_what, typed, count) => {
    const { terminal } = await onTerminal(['/bin/sh', '-c', 'stty -echo; echo ready; wc -c']);
    await readUntil(terminal, 'ready\n');
    terminal.end(typed);
    expect(await readAll(terminal)).toBe(`${count}\n`);
  });

  it('hangs up on its processes when it is closed', async () => {
    const { terminal, process: shell } = await onTerminal([
      '/bin/sh',
      '-c',
      'echo ready; sleep 60',
    ]);
    await readUntil(terminal, 'ready\n');
    const ended = once(shell, 'exit');
    await terminal[Symbol.asyncDispose]();
    expect(await ended).toEqual([null, 'SIGHUP']);
    expect(() => terminal.size).toThrow(expect.objectContaining({ code: 'ERR_STREAM_DESTROYED' }));
  });
});
