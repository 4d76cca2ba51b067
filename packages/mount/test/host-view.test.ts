import { existsSync, mkdtempSync, rmdirSync, statSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  hostView,
  parseMountInfo,
  planHostView,
  readMountInfo,
  type HostViewPlan,
} from '../src/index.ts';
import { busybox, type Outcome } from './container.ts';
import { guardHost, inContainer } from './namespace.ts';

function inView(script: string, userNamespace = false, plan?: HostViewPlan): Promise<Outcome> {
  const view = plan ?? planHostView(readMountInfo(), { userNamespace });
  return inContainer(
    { rootfs: (kernel) => hostView(kernel, view), hasTtyGroup: !userNamespace },
    script,
    { userNamespace },
  );
}

describe.skipIf(!busybox)('a view of the host (needs busybox-static)', () => {
  guardHost();

  it.each([
    ['as root', false],
    ['in a user namespace', true],
  ])('shows the host’s files and keeps nothing, %s', async (_, userNamespace) => {
    const outside = '/etc/ts-c-view';
    const { stdout, stderr, error } = await inView(
      `echo new >${outside}; cat ${outside}; cat /etc/passwd; rm /etc/group; ls /etc/group`,
      userNamespace,
    );
    expect(error).toBeUndefined();
    expect(stdout).toMatch(/^new\nroot:/);
    expect(stderr).toMatch(/\/etc\/group: No such file/);
    expect(existsSync(outside)).toBe(false);
    expect(existsSync('/etc/group')).toBe(true);
  });

  it.each([
    ['as root', false],
    ['in a user namespace', true],
  ])('leaves nothing of the old root behind, %s', async (_, userNamespace) => {
    const { stdout } = await inView('cat /proc/self/mountinfo; ls -di / /..', userNamespace);
    const lines = stdout.trimEnd().split('\n');
    const [root, above] = lines.splice(-2).map((line) => line.trim().split(' ')[0]);
    expect(above).toBe(root);
    const mounts = parseMountInfo(lines.join('\n'));
    const roots = mounts.filter(({ mountPoint }) => mountPoint === '/');
    expect(roots.map(({ type }) => type)).toEqual([userNamespace ? 'tmpfs' : 'overlay']);
    // Every mount is on another that can be seen; only the root's parent is out of sight.
    const ids = new Set(mounts.map(({ id }) => id));
    const lost = mounts.filter(({ parentId }) => !ids.has(parentId));
    expect(lost).toEqual(roots);
  });

  it('has an empty /tmp and /run, with the modes that they need', async () => {
    const directory = mkdtempSync('/tmp/ts-c-view-');
    onTestFinished(() => rmdirSync(directory));
    const { stdout } = await inView("ls -A /tmp /run; stat -c '%a' /tmp /run /root");
    const rootHome = (statSync('/root').mode & 0o7777).toString(8);
    expect(stdout).toBe(`/run:\n\n/tmp:\n1777\n755\n${rootHome}\n`);
  });

  it('covers and binds what is planned', async () => {
    const plan: HostViewPlan = {
      overlays: [
        { path: '/', attributes: 0 },
        { path: '/usr/share', attributes: 0 },
        { path: '/usr/lib', attributes: 8 },
      ],
      files: [
        { path: '/etc/passwd', kind: 'file' },
        { path: '/no/such/file', kind: 'file' },
      ],
      covers: ['/usr/lib'],
    };
    const { stdout, stderr, error } = await inView(
      'ls -A /usr/lib; echo x >/usr/share/x && cat /usr/share/x; echo y >>/etc/passwd; cat /proc/mounts',
      false,
      plan,
    );
    expect(error).toBeUndefined();
    expect(stdout).toMatch(/^x\noverlay \/ overlay/);
    expect(stdout).toMatch(/^overlay \/usr\/share overlay rw,/m);
    expect(stdout).toMatch(/^overlay \/usr\/lib overlay rw,noexec,/m);
    expect(stdout).toMatch(/ \/etc\/passwd \S+ ro,/);
    expect(stderr).toMatch(/\/etc\/passwd: Read-only file system/);
  });
});
