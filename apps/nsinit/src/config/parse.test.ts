import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { errorsOf, warningsOf } from '../../test/config.ts';
import { formatConfig, loadConfig, parseConfig } from './parse.ts';
import type { Config } from './types.ts';

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../test/fixtures/${name}.json`, import.meta.url));
const samples = ['minimal', 'attach_to_bridge', 'apparmor', 'selinux'];

const simpleDevices = [
  ['/dev/null', 1, 3],
  ['/dev/zero', 1, 5],
  ['/dev/full', 1, 7],
  ['/dev/tty', 5, undefined],
  ['/dev/urandom', 1, 9],
  ['/dev/random', 1, 8],
].map(([path, major, minor]) => ({
  type: 99,
  path,
  major_number: major,
  ...(minor === undefined ? {} : { minor_number: minor }),
  cgroup_permissions: 'rwm',
  file_mode: 438,
}));

describe('the sample configurations', () => {
  it('attach_to_bridge.json: what TestConfigJsonFormat of 1.1.0 checks', () => {
    const { config } = loadConfig(fixture('attach_to_bridge'), { strict: true });
    expect(config.hostname).toBe('koye');
    expect(config.tty).toBe(true);
    expect(config.namespaces?.['NEWNET']).toBe(true);
    expect(config.namespaces?.['NEWUSER']).not.toBe(true);
    expect(config.capabilities).not.toContain('SYS_ADMIN');
    expect(config.capabilities).toEqual(expect.arrayContaining(['MKNOD', 'SYS_CHROOT']));
    expect(config.networks?.find(({ type }) => type === 'veth')).toEqual({
      type: 'veth',
      bridge: 'docker0',
      address: '172.17.0.101/16',
      veth_prefix: 'veth',
      gateway: '172.17.42.1',
      mtu: 1500,
    });
    expect(config.mount_config?.device_nodes).toEqual(simpleDevices);
    expect(config.restrict_sys).toBe(true);
  });

  it('apparmor.json: what TestApparmorProfile checks', () => {
    const { config } = loadConfig(fixture('apparmor'));
    expect(config.apparmor_profile).toBe('docker-default');
  });

  it('selinux.json: what TestSelinuxLabels checks', () => {
    const { config } = loadConfig(fixture('selinux'));
    const label = 'system_u:system_r:svirt_lxc_net_t:s0:c164,c475';
    expect(config.process_label).toBe(label);
    expect(config.mount_config?.mount_label).toBe(label);
  });

  it('minimal.json: the common part', () => {
    const { config } = loadConfig(fixture('minimal'));
    expect(config.user).toBe('daemon');
    expect(config.capabilities).toHaveLength(12);
    expect(config.environment).toHaveLength(4);
    expect(config.cgroups?.allowed_devices).toHaveLength(14);
    expect(config.cgroups?.allowed_devices?.[0]).toEqual({
      type: 99,
      major_number: -1,
      minor_number: -1,
      cgroup_permissions: 'm',
    });
    expect(config.cgroups).toMatchObject({ name: 'docker-koye', parent: 'docker' });
  });

  it.each([
    ['minimal', []],
    ['attach_to_bridge', []],
    ['apparmor', ['apparmor_profile has no effect']],
    ['selinux', ['process_label, mount_config.mount_label have no effect']],
  ])('%s.json has these warnings: %j', (name, messages) => {
    const { warnings } = loadConfig(fixture(name), { strict: true });
    expect(warnings).toEqual(
      messages.map((words) => ({ path: '', message: expect.stringMatching(`^${words}`) })),
    );
  });

  it.each(samples)('%s.json is written with nothing lost, in the order of 1.1.0', (name) => {
    const { config } = loadConfig(fixture(name));
    const text = formatConfig(config);
    expect(parseConfig(text).config).toEqual(config);
    expect(formatConfig(parseConfig(text).config)).toBe(text);
    expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(fixture(name), 'utf8')));
    expect(Object.keys(JSON.parse(text) as Config).slice(0, 2)).toEqual([
      'mount_config',
      'hostname',
    ]);
  });
});

describe('formatConfig', () => {
  it('indents by tabs, leaves out zero values, sorts maps, escapes for HTML', () => {
    const { config } = parseConfig(`{
      "tty": false, "working_dir": "", "environment": ["A=<&>"], "restrict_sys": false,
      "namespaces": {"NEWUTS": false, "NEWNS": true}, "capabilities": [], "mount_config": {}
    }`);
    expect(formatConfig(config)).toBe(
      [
        '{',
        '\t"mount_config": {},',
        '\t"environment": [',
        '\t\t"A=\\u003c\\u0026\\u003e"',
        '\t],',
        '\t"namespaces": {',
        '\t\t"NEWNS": true,',
        '\t\t"NEWUTS": false',
        '\t}',
        '}',
      ].join('\n'),
    );
  });

  it('keeps zeros where they mean something', () => {
    const mounts = [
      { type: 'bind', source: '/a', destination: '/b', writable: false },
      { type: 'tmpfs', destination: '/c', writable: false },
    ];
    const document = { mount_config: { mounts }, namespaces: { NEWNS: true } };
    const written = JSON.parse(
      formatConfig(parseConfig(JSON.stringify(document)).config),
    ) as Config;
    expect(written.mount_config?.mounts?.map(({ writable }) => writable)).toEqual([
      undefined,
      false,
    ]);
    const text = '{"rlimits":{"CORE":{"soft":0,"hard":18446744073709551615}}}';
    const { config } = parseConfig(text);
    expect(config.rlimits?.['CORE']).toEqual({ soft: 0, hard: 18446744073709551615n });
    expect(formatConfig(config).replaceAll(/\s/g, '')).toBe(text);
  });
});

describe('the rules of Go', () => {
  it('takes keys in any case, and null for nothing', () => {
    const { config, warnings } = parseConfig('{"HostName":null,"TTY":true,"mount_CONFIG":null}');
    expect(config).toEqual({ tty: true });
    expect(warnings).toEqual([]);
  });

  it('takes the last of several, and the first document', () => {
    expect(warningsOf('{"user":"a","USER":"b"} {"user":"c"}')).toEqual([
      ' | what follows the first JSON value is not looked at',
      'user | is given twice: the last one counts',
    ]);
    expect(parseConfig('{"user":"a","USER":"b"} ]').config.user).toBe('b');
    expect(parseConfig('{"user":"a"}\n\n').warnings).toEqual([]);
  });

  it('keeps integers as large as they are', () => {
    const { config } = parseConfig('{"cgroups":{"memory":9223372036854775807,"cpu_shares":2}}');
    expect(config.cgroups).toEqual({ memory: 9223372036854775807n, cpu_shares: 2 });
  });

  it.each([
    ['99.0', '99.0'],
    ['1e2', '1e2'],
    ['"c"', '"c"'],
    ['2147483648', '2147483648'],
  ])('takes no %s for an integer', (value, shown) => {
    expect(errorsOf(`{"cgroups":{"allowed_devices":[{"type":${value}}]}}`)).toEqual([
      `container.json: cgroups.allowed_devices[0].type: expected a whole number from -2147483648 to 2147483647, got ${shown}`,
    ]);
  });
});

describe('bad input', () => {
  it.each([
    ['', 'container.json: expected a value, got the end in line 1, column 1'],
    ['{"tty" true}', `container.json: expected ':', got "t" in line 1, column 8`],
    ['null', 'container.json: expected an object, got null'],
    ['[]', 'container.json: expected an object, got an array'],
  ])('refuses the document %j', (text, line) => {
    expect(errorsOf(text)).toEqual([line]);
  });

  it('reports every wrong type, by path', () => {
    const text = `{
      "tty": "yes", "hostname": 5, "environment": "A=b", "namespaces": {"NEWNS": 1}, "networks": [null],
      "mount_config": {"mounts": [{"writable": 0}, {"source": "a\\u0000b"}]}
    }`;
    expect(errorsOf(text)).toEqual([
      'container.json: tty: expected true or false, got "yes"',
      'container.json: hostname: expected a string, got 5',
      'container.json: environment: expected an array, got "A=b"',
      'container.json: namespaces.NEWNS: expected true or false, got 1',
      'container.json: networks[0]: expected an object, got null',
      'container.json: mount_config.mounts[0].writable: expected true or false, got 0',
      'container.json: mount_config.mounts[1].source: has a NUL byte in it',
    ]);
  });

  it('names keys that are not known, with what may have been meant', () => {
    const text = `{"namespaces": {"NEWNS": true}, "hostnmae": "a", "env": [], "no such": {"a": 1},
      "mount_config": {"mount": []}}`;
    expect(warningsOf(text)).toEqual([
      'hostnmae | is no key that is known | hostname',
      'env | is no key that is known | environment',
      '["no such"] | is no key that is known',
      'mount_config.mount | is no key that is known | mounts',
    ]);
    expect(errorsOf(text, true)[0]).toBe(
      'container.json: hostnmae: is no key that is known; did you mean "hostname"?',
    );
  });

  it('says where a file is that can not be read', () => {
    const directory = mkdtempSync(`${tmpdir()}/nsinit-config-`);
    expect(() => loadConfig(directory)).toThrow(`directory, read '${directory}'`);
    rmSync(directory, { recursive: true });
    expect(() => loadConfig(directory)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });
});
