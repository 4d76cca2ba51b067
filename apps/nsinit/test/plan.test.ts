import { describe, expect, it } from 'vitest';
import { plan } from '../src/index.ts';
import { fixedLayout } from './layouts.ts';
import { fixedSituation } from './networks.ts';
import { busybox, makeRootfs } from './rootfs.ts';
import { describeSample, samples } from './samples.ts';

function listingOf(name: string, version: 1 | 2): string {
  const rootfs = makeRootfs();
  const { layout, normalize } = fixedLayout(version);
  const description = describeSample(name, rootfs, ['/bin/sh']);
  const program = plan(description, { layout, network: fixedSituation });
  return `${normalize(program.toString().replaceAll(rootfs, '/ROOTFS'))}\n`;
}

describe.skipIf(!busybox)('the plan of a sample configuration (needs busybox-static)', () => {
  it.each(samples)('%s.json is as it was', async (name) => {
    await expect(listingOf(name, 1)).toMatchFileSnapshot(`golden/${name}.plan`);
  });

  it('minimal.json is as it was with cgroups of version 2 alone', async () => {
    await expect(listingOf('minimal', 2)).toMatchFileSnapshot('golden/minimal-v2.plan');
  });

  it.each([1, 2] as const)(
    'is made of at most 32 KiB for minimal.json (cgroup version %i)',
    (version) => {
      const description = describeSample('minimal', makeRootfs(), ['/bin/sh']);
      const program = plan(description, { layout: fixedLayout(version).layout });
      expect(program.compile('x64').bytes.length).toBeLessThanOrEqual(32 * 1024);
      expect(program.compile('arm64').bytes.length).toBeLessThanOrEqual(32 * 1024);
    },
  );
});
