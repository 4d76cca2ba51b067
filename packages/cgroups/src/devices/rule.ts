/** A rule about devices. */
export interface DeviceRule {
  /** Does it allow (the default) or deny? */
  readonly allow?: boolean;
  /** Character devices, block devices, or all of both. */
  readonly type: 'a' | 'b' | 'c';
  /** `'*'`, the default, is any. */
  readonly major?: number | '*';
  /** `'*'`, the default, is any. */
  readonly minor?: number | '*';
  /** Of `r` (read), `w` (write) and `m` (mknod); all three by default. */
  readonly access?: string;
}
