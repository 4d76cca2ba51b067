import { describe, expect, it } from 'vitest';
import { previousValue } from './previous.ts';

const before = (file: string, value: string, text: string): string | undefined =>
  previousValue({ controller: '', key: '', file, value }, text);

describe('previousValue', () => {
  it('is what a file with one value held', () => {
    expect(before('pids.max', '5', 'max\n')).toBe('max');
    expect(before('cpu.max', '5000 100000', 'max 100000\n')).toBe('max 100000');
    expect(before('memory.limit_in_bytes', '1', '9223372036854771712\n')).toBe(
      '9223372036854771712',
    );
  });

  it('is an empty line for an empty file', () => {
    expect(before('cpuset.cpus', '0', '\n')).toBe('\n');
    expect(before('cpuset.cpus', '0', '')).toBe('\n');
  });

  it('is the line of the same device, and no limit where there was none', () => {
    const io =
      '8:0 rbps=max wbps=1048576 riops=max wiops=max\n8:16 rbps=1 wbps=1 riops=1 wiops=1\n';
    expect(before('io.max', '8:0 wbps=5', io)).toBe(
      '8:0 rbps=max wbps=1048576 riops=max wiops=max',
    );
    expect(before('io.max', '8:1 wbps=5 riops=7', io)).toBe('8:1 wbps=max riops=max');
    expect(before('io.weight', '8:0 200', 'default 100\n8:0 300\n')).toBe('8:0 300');
    expect(before('io.weight', '8:0 200', 'default 100\n')).toBe('8:0 default');
    expect(before('io.weight', '200', 'default 100\n8:0 300\n')).toBe('default 100');
    expect(before('io.bfq.weight', '200', 'default 100\n')).toBe('default 100');
    expect(before('blkio.throttle.read_bps_device', '8:0 5', '')).toBe('8:0 0');
    expect(before('blkio.throttle.read_bps_device', '8:0 5', '8:0 7\n')).toBe('8:0 7');
    expect(before('blkio.bfq.weight_device', '8:0 5', '')).toBe('8:0 0');
    expect(before('rdma.max', 'mlx hca_handle=2', '')).toBe('mlx hca_handle=max');
    expect(before('misc.max', 'res 1', 'res max\nother 3\n')).toBe('res max');
    expect(before('misc.max', 'res 1', '')).toBe('res max');
    expect(before('net_prio.ifpriomap', 'lo 5', 'lo 0\neth0 3\n')).toBe('lo 0');
  });

  it('is the switch among what a file tells', () => {
    const text = 'oom_kill_disable 0\nunder_oom 0\noom_kill 3\n';
    expect(before('memory.oom_control', '1', text)).toBe('0');
  });

  it('is unknown for a list that is not written line by line', () => {
    expect(before('memory.pressure', 'x', 'some avg10=0\nfull avg10=0\n')).toBeUndefined();
    expect(before('io.weight', '200', '')).toBeUndefined();
  });
});
