import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../rootfs.ts';
import { Box, lacks, needs, patience, until } from './box.ts';

// What is opened for writing is not written to.
const trials = `
  try() { if sh -c "$2" 2>/tmp/error; then echo "$1 yes"; else grep -q 'not permitted' /tmp/error && echo "$1 no"; fi; }
  try 'make kmsg' 'mknod /dev/kmsg c 1 11'
  try 'open kmsg' ': >> /dev/kmsg'
  try 'make block' 'mknod /dev/block b 250 7'
  try 'read null' ': < /dev/null'
  try 'write null' ': > /dev/null'
  try 'read zero' ': < /dev/zero'
`;

function answers(text: string): Record<string, string> {
  const lines = text.trim().split('\n');
  return Object.fromEntries(lines.map((line) => /^(.*) (yes|no)$/.exec(line)?.slice(1) ?? [line]));
}

describe.skipIf(lacks)(`devices (${needs})`, patience, () => {
  it.each([
    ['the usual ones may be used, all may be made', [], {}],
    ['a rule allows one more', ['--device-rule', 'c 1:11 w'], { 'open kmsg': 'yes' }],
    [
      'a rule denies',
      ['--device-rule', 'deny c 1:3 w', '--device-rule', 'deny b *:* m'],
      { 'write null': 'no', 'make block': 'no' },
    ],
  ] as const)('%s', async (_, options, difference) => {
    const { status, stdout, stderr } = await new Box().run(...options, 'sh', '-c', trials);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(answers(stdout)).toEqual({
      'make kmsg': 'yes',
      'open kmsg': 'no',
      'make block': 'yes',
      'read null': 'yes',
      'write null': 'yes',
      'read zero': 'yes',
      ...difference,
    });
  });

  it('are changed while it runs', async () => {
    const box = new Box();
    const answer = '(: > /dev/null) 2>/tmp/error && echo yes >> /answer || echo no >> /answer';
    const script = `for file in go again; do until [ -e /$file ]; do sleep 0.05; done; ${answer}; done; sleep 60`;
    const answered = (): string => readFileSync(join(box.rootfs, 'answer'), 'utf8');
    await box.start('web', 'sh', '-c', script);
    box.signal();
    await until(() => existsSync(join(box.rootfs, 'answer')) && answered() === 'yes\n');
    await box.output('update', '--device-rule', 'deny c 1:3 w', 'web');
    box.signal('again');
    await until(() => answered() !== 'yes\n');
    expect(answered()).toBe('yes\nno\n');
  });

  it('are those of allowed_devices, and no others', async () => {
    const box = new Box();
    const config = join(temporaryDirectory('config'), 'container.json');
    const devices = [
      { type: 99, major_number: 1, minor_number: 3, cgroup_permissions: 'rwm' },
      { type: 99, major_number: 1, minor_number: 11, cgroup_permissions: 'rwm' },
      { type: 99, major_number: 1, minor_number: 5, cgroup_permissions: 'm' },
    ];
    const text = {
      namespaces: { NEWNS: true, NEWPID: true },
      capabilities: ['MKNOD'],
      environment: ['PATH=/bin'],
      mount_config: {
        device_nodes: [3, 5].map((minor_number) => ({
          type: 99,
          major_number: 1,
          minor_number,
          file_mode: 438,
          path: `/dev/${minor_number === 3 ? 'null' : 'zero'}`,
        })),
      },
      cgroups: { allowed_devices: devices },
    };
    writeFileSync(config, JSON.stringify(text));
    const { status, stdout, stderr } = await box.run('--config', config, 'sh', '-c', trials);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(answers(stdout)).toEqual({
      'make kmsg': 'yes',
      'open kmsg': 'yes',
      'make block': 'no',
      'read null': 'yes',
      'write null': 'yes',
      'read zero': 'no',
    });
  });
});
