import { describe, expect, it } from 'vitest';
import { errorsOf, warningsOf } from '../../../test/config.ts';

describe('namespaces', () => {
  it('refuses those that are not known, unless they are not asked for', () => {
    expect(errorsOf('{"namespaces":{"NEWPIDS":true}}')).toEqual([
      'container.json: namespaces.NEWPIDS: is no namespace: there are NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET, NEWCGROUP, NEWTIME; did you mean "NEWPID"?',
    ]);
    expect(errorsOf('{"namespaces":{"newnet":true}}')).toHaveLength(1);
    expect(warningsOf('{"namespaces":{"NEWFOO":false}}')).toHaveLength(1);
  });

  it('joins by an absolute path, or makes a new one', () => {
    const text = `{"namespaces":{"NEWPID":true},"namespace_paths":{"NEWPID":"/proc/1/ns/pid","NEWIPC":"ipc","NEWX":"/x"}}`;
    expect(errorsOf(text).map((line) => line.split(': ')[1])).toEqual([
      'namespace_paths.NEWPID',
      'namespace_paths.NEWIPC',
      'namespace_paths.NEWX',
    ]);
    expect(errorsOf('{"namespace_paths":{"NEWNET":"/run/netns/a"}}')).toEqual([]);
  });

  it.each([
    ['"hostname":"a"', 'hostname', 'NEWUTS'],
    ['"domainname":"a"', 'domainname', 'NEWUTS'],
    ['"restrict_sys":true', 'restrict_sys', 'NEWNS'],
    ['"masked_paths":["/a"]', 'masked_paths', 'NEWNS'],
    ['"readonly_paths":["/a"]', 'readonly_paths', 'NEWNS'],
    ['"mount_config":{"readonly_fs":true}', 'mount_config.readonly_fs', 'NEWNS'],
    [
      '"mount_config":{"mounts":[{"type":"tmpfs","destination":"/t"}]}',
      'mount_config.mounts',
      'NEWNS',
    ],
    [
      '"mount_config":{"device_nodes":[{"type":99,"path":"/dev/n"}]}',
      'mount_config.device_nodes',
      'NEWNS',
    ],
    ['"networks":[{"type":"loopback"}]', 'networks', 'NEWNET'],
    ['"routes":[{"gateway":"10.0.0.1","interface_name":"e"}]', 'routes', 'NEWNET'],
    ['"uid_mappings":[{"size":1}]', 'uid_mappings', 'NEWUSER'],
    ['"gid_mappings":[{"size":1}]', 'gid_mappings', 'NEWUSER'],
    ['"time_offsets":{"monotonic":{"seconds":1}}', 'time_offsets', 'NEWTIME'],
  ])('%s needs one', (member, path, key) => {
    const [line, ...others] = errorsOf(`{${member}}`);
    expect(line).toContain(
      `container.json: ${path}: needs "${key}": true in namespaces; without it `,
    );
    expect(others).toEqual([]);
    expect(errorsOf(`{${member},"namespaces":{"${key}":true}}`)).toEqual([]);
  });

  it('needs no new one for a network that brings its own', () => {
    const text = `{"networks":[{"type":"netns","ns_path":"/run/netns/a"}],
      "routes":[{"gateway":"::1","interface_name":"e"}]}`;
    expect(errorsOf(text)).toEqual([]);
  });
});
