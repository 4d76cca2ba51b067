import type { Kernel, Value } from '@ts-c/syscall';
import { request } from '../netlink/request.ts';
import { queryNumber } from '../netlink/send-request.ts';
import { sendBatch } from './batch.ts';
import { getTable, NFPROTO } from './messages.ts';
import { natTableName, removeNatTable, type NatTable } from './nat-table.ts';

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
  const look = request(getTable, { family: NFPROTO.INET, name: natTableName(id) });
  kernel.section(owner, `remove nftables table ts-c-${id}`, () =>
    kernel.attempt(['ENOENT'], () => {
      // Most often it is not there, and for a batch that comes to nothing the kernel takes more than ten milliseconds.
      queryNumber(kernel, socket, look, 0);
      sendBatch(kernel, socket, [removal]);
    }),
  );
}
