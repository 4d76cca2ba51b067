import type { Kernel, Value } from '@ts-c/syscall';
import { sendBatch } from './batch.ts';
import { removeNatTable, type NatTable } from './nat-table.ts';

const owner = '@ts-c/network';

/**
 * Makes the table that {@link natTable} has planned, with `live` or in a Program.
 *
 * @param socket What {@link openNetfilterSocket} gave; close it after a refusal.
 * @throws {NetlinkError} `EEXIST` where there is such a table, `EPERM` without CAP_NET_ADMIN, `EOPNOTSUPP` or `ENOENT` where the kernel
 * lacks nf_tables or a part of it. Nothing has been made then.
 */
export function addNatTable(kernel: Kernel, socket: Value, table: NatTable): void {
  kernel.section(owner, `nftables table ${table.name}`, () =>
    sendBatch(kernel, socket, table.requests),
  );
}

/**
 * Deletes the table of a container, with `live` or in a Program. It need not be there.
 *
 * @param socket What {@link openNetfilterSocket} gave.
 * @throws {NetlinkError} `EPERM` without CAP_NET_ADMIN, or where the table belongs to another socket.
 */
export function deleteNatTable(kernel: Kernel, socket: Value, id: string): void {
  const removal = removeNatTable(id);
  kernel.section(owner, `remove nftables table ts-c-${id}`, () =>
    kernel.attempt(['ENOENT'], () => sendBatch(kernel, socket, [removal])),
  );
}
