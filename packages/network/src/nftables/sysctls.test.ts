import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { live } from '@ts-c/syscall';
import { describe, expect, it } from 'vitest';
import { parsePublish } from './publish.ts';
import { natSysctls, pendingSysctls, writeSysctls, type Sysctl } from './sysctls.ts';

const v4 = { address: '10.0.0.2', prefix: 24 };
const v6 = { address: 'fd00::2', prefix: 64 };
const paths = (published: readonly string[], addresses = [v4]): string[] =>
  natSysctls({ bridge: 'br0', addresses, published: published.map(parsePublish) }).map(
    ({ path, value }) => `${path.slice('/proc/sys/net/'.length)}=${value}`,
  );

const sysctl = (path: string): Sysctl => ({ path, value: '1', changes: 'nothing', scope: 'host' });

describe('natSysctls', () => {
  it('makes the host a router in the families of the container', () => {
    expect(paths([])).toEqual(['ipv4/ip_forward=1']);
    expect(paths([], [v6])).toEqual(['ipv6/conf/all/forwarding=1']);
    expect(paths([], [v4, v6])).toEqual(['ipv4/ip_forward=1', 'ipv6/conf/all/forwarding=1']);
  });

  it.each(['8080:80', '0.0.0.0:8080:80', '127.0.0.2:8080:80'])(
    'lets 127.0.0.0/8 pass for %s',
    (text) => {
      expect(paths([text])).toEqual(['ipv4/ip_forward=1', 'ipv4/conf/br0/route_localnet=1']);
    },
  );

  it('does not, where no port needs it', () => {
    expect(paths(['192.0.2.1:8080:80'])).toEqual(['ipv4/ip_forward=1']);
    expect(paths(['8080:80'], [v6])).toEqual(['ipv6/conf/all/forwarding=1']);
  });

  it('refuses what is no name of a device', () => {
    expect(() => natSysctls({ bridge: '../all', addresses: [v4] })).toThrow(
      'bridge: expected the name of a device',
    );
  });
});

describe('pendingSysctls and writeSysctls', () => {
  it('writes what is not so yet', () => {
    const directory = mkdtempSync(join(tmpdir(), 'ts-c-sysctls-'));
    const [one, two] = [join(directory, 'one'), join(directory, 'two')];
    writeFileSync(one, '0\n');
    writeFileSync(two, '1\n');
    const pending = pendingSysctls([one, two].map(sysctl));
    expect(pending.map(({ path }) => path)).toEqual([one]);
    writeSysctls(live, pending);
    expect(readFileSync(one, 'utf8').trim()).toBe('1');
    rmSync(directory, { recursive: true });
  });

  it('says which one is missing', () => {
    const missing = [sysctl('/proc/sys/net/ipv4/conf/no-such-device/route_localnet')];
    expect(pendingSysctls(missing)).toEqual(missing);
    expect(() => writeSysctls(live, missing)).toThrow(
      expect.objectContaining({ code: 'ENOENT', path: missing[0]?.path, title: 'nothing' }),
    );
  });
});
