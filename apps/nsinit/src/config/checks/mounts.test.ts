import { describe, expect, it } from 'vitest';
import { errorsOf, warningsOf } from '../../../test/config.ts';

function errorsOfMount(mount: object): string[] {
  return errorsOf(
    JSON.stringify({ namespaces: { NEWNS: true }, mount_config: { mounts: [mount] } }),
  );
}

describe('mounts', () => {
  it.each([
    [
      { type: 'bind', source: '/a', destination: 'tmp' },
      'destination: expected an absolute path, got "tmp"',
    ],
    [{ type: 'bind', source: '/a' }, 'destination: is missing'],
    [{ type: 'bind', destination: '/a' }, 'source: is missing'],
    [
      { type: 'bind', source: '/a', destination: '/x/..' },
      'destination: the root itself can’t be mounted over',
    ],
    [
      { type: 'tmpfs', destination: '//proc/' },
      'destination: /proc is in /proc, which has to stay what it is',
    ],
  ])('refuses %j', (mount, line) => {
    expect(errorsOfMount(mount)).toEqual([`container.json: mount_config.mounts[0].${line}`]);
  });

  it('takes the types that are known', () => {
    expect(errorsOfMount({ type: 'proc', destination: '/proc' })).toEqual([]);
    expect(errorsOfMount({ type: 'tmpfs', destination: '/t', options: ['size=1m'] })).toEqual([]);
    const text = '{"namespaces":{"NEWNS":true},"mount_config":{"mounts":[{"type":"tmpf"},{}]}}';
    expect(warningsOf(text)).toEqual([
      'mount_config.mounts[0].type | "tmpf" is no type that is known: it is not mounted | tmpfs',
      'mount_config.mounts[1].type | "" is no type that is known: it is not mounted',
    ]);
  });

  it('checks devices', () => {
    const device_nodes = [
      { type: 99, path: 'dev/null' },
      { type: 112, path: '/dev/fifo' },
      { type: 98, path: '/dev/b', file_mode: 0o060660 },
      { type: 98, path: '/dev/b', file_mode: 0o020660 },
      { type: 99, path: '/dev/c', major_number: -1, minor_number: 1048576 },
    ];
    const text = JSON.stringify({ namespaces: { NEWNS: true }, mount_config: { device_nodes } });
    expect(errorsOf(text).map((line) => line.split('device_nodes')[1])).toEqual([
      '[0].path: expected an absolute path, got "dev/null"',
      '[1].type: expected 99 (a character device) or 98 (a block device), got 112',
      '[3].file_mode: expected permissions such as 438 (0666), got 8624',
      '[4].major_number: expected 0 to 4095, got -1',
      '[4].minor_number: expected 0 to 1048575, got 1048576',
    ]);
  });

  it('checks paths and propagation', () => {
    const text = `{"namespaces":{"NEWNS":true},"masked_paths":["a"],"readonly_paths":[""],
      "mount_config":{"mount_propagation":"slav"}}`;
    expect(errorsOf(text).map((line) => line.slice('container.json: '.length))).toEqual([
      'mount_config.mount_propagation: expected one of private, slave, shared, unbindable, got "slav"; did you mean "slave"?',
      'masked_paths[0]: expected an absolute path, got "a"',
      'readonly_paths[0]: is missing',
    ]);
  });
});
