import {
  attributes,
  be16,
  be32,
  be64,
  body,
  bytes,
  operation,
  string,
  struct,
  u8,
  type Codec,
} from '../netlink/index.ts';
import { expressions } from './expression-codecs.ts';

/** Families of nf_tables: the last is IPv4 and IPv6 in one table. */
export const NFPROTO = { UNSPEC: 0, INET: 1, IPV4: 2, IPV6: 10 } as const;

/** The part of nfnetlink that this is, `NFNL_SUBSYS_NFTABLES`. */
const subsystem = 10;
const messageType = (message: number): number => (subsystem << 8) | message;

/** `struct nfgenmsg`. */
const header = struct('nfgenmsg', { family: u8, version: u8, resource: be16 });

/** A number of 32 bits with a sign, in network order. */
const signed: Codec<number> = {
  what: 'a number of 32 bits with a sign, in network order',
  size: 4,
  read: (from, start) => from.readInt32BE(start),
  write: (writer, value, name) =>
    be32.write(writer, Number.isInteger(value) && value < 0 ? value + 2 ** 32 : value, name),
};

const table = body(
  'table',
  header,
  attributes({
    name: [1, string],
    flags: [2, be32],
    use: [3, be32],
    handle: [4, be64],
    userData: [6, bytes],
    owner: [7, be32],
  }),
);

const hook = attributes(
  { number: [1, be32], priority: [2, signed], device: [3, string] },
  { flagged: true },
);

const chain = body(
  'chain',
  header,
  attributes({
    table: [1, string],
    handle: [2, be64],
    name: [3, string],
    hook: [4, hook],
    policy: [5, be32],
    use: [6, be32],
    type: [7, string],
    flags: [10, be32],
    id: [11, be32],
    userData: [12, bytes],
  }),
);

const rule = body(
  'rule',
  header,
  attributes({
    table: [1, string],
    chain: [2, string],
    handle: [3, be64],
    expressions: [4, expressions],
    position: [6, be64],
    userData: [7, bytes],
    id: [9, be32],
    positionId: [10, be32],
    chainId: [11, be32],
  }),
);

const batch = body('batch', header, attributes({ generation: [1, be32] }));

/** What the first and the last message of a batch hold. */
export const batchBody = { resource: subsystem } as const;
/** Begins a batch: what follows happens together, or not at all. */
export const batchBegin = operation('NFNL_MSG_BATCH_BEGIN', 0x10, batch);
/** Ends a batch. */
export const batchEnd = operation('NFNL_MSG_BATCH_END', 0x11, batch);

/** Makes a table. It goes into a batch, as does all that changes anything. */
export const newTable = operation('NFT_MSG_NEWTABLE', messageType(0), table);
/** Asks for a table, or in a dump for all of them. */
export const getTable = operation('NFT_MSG_GETTABLE', messageType(1), table);
/** Deletes a table, with all that is in it. */
export const deleteTable = operation('NFT_MSG_DELTABLE', messageType(2), table);
/** Makes a chain. */
export const newChain = operation('NFT_MSG_NEWCHAIN', messageType(3), chain);
/** Asks for a chain, or in a dump for all of them. */
export const getChain = operation('NFT_MSG_GETCHAIN', messageType(4), chain);
/** Makes a rule. */
export const newRule = operation('NFT_MSG_NEWRULE', messageType(6), rule);
/** Asks for a rule, or in a dump for all of them, or for those of a table. */
export const getRule = operation('NFT_MSG_GETRULE', messageType(7), rule);
