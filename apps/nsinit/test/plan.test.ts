import { describe, expect, it } from 'vitest';
import { plan } from '../src/index.ts';
import { busybox, makeRootfs } from './rootfs.ts';
import { describeSample, samples } from './samples.ts';

describe.skipIf(!busybox)('the plan of a sample configuration (needs busybox-static)', () => {
  it.each(samples)('%s.json is as it was', async (name) => {
    const rootfs = makeRootfs();
    const description = describeSample(name, rootfs, ['/bin/sh']);
    const listing = plan(description).toString().replaceAll(rootfs, '/ROOTFS');
    await expect(`${listing}\n`).toMatchFileSnapshot(`golden/${name}.plan`);
  });

  it('is made of at most 32 KiB for minimal.json', () => {
    const description = describeSample('minimal', makeRootfs(), ['/bin/sh']);
    expect(plan(description).compile('x64').bytes.length).toBeLessThanOrEqual(32 * 1024);
    expect(plan(description).compile('arm64').bytes.length).toBeLessThanOrEqual(32 * 1024);
  });
});
