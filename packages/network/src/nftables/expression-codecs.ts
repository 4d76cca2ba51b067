import { attributes, be32, bytes, repeated, selected, string } from '../netlink/index.ts';

const flagged = { flagged: true };

/** What a packet is in for: `DROP`, `ACCEPT`, or what rules do with each other. */
const verdict = attributes({ code: [1, be32], chain: [2, string], chainId: [3, be32] }, flagged);

/** `enum nft_data_attributes`: the bytes as they are in the packet, or in the register. */
const data = attributes({ value: [1, bytes], verdict: [2, verdict] }, flagged);

const payload = attributes(
  {
    register: [1, be32],
    base: [2, be32],
    offset: [3, be32],
    length: [4, be32],
    source: [5, be32],
    checksumType: [6, be32],
    checksumOffset: [7, be32],
    checksumFlags: [8, be32],
  },
  flagged,
);

const bitwise = attributes(
  {
    source: [1, be32],
    register: [2, be32],
    length: [3, be32],
    mask: [4, data],
    xor: [5, data],
    operation: [6, be32],
    data: [7, data],
  },
  flagged,
);

const nat = attributes(
  {
    type: [1, be32],
    family: [2, be32],
    firstAddress: [3, be32],
    lastAddress: [4, be32],
    firstPort: [5, be32],
    lastPort: [6, be32],
    flags: [7, be32],
  },
  flagged,
);

/** An expression: what it is called, and what it says. One that is not declared says it in bytes. */
export const expression = attributes(
  {
    name: [1, string],
    data: [
      2,
      selected('name', {
        payload,
        bitwise,
        nat,
        cmp: attributes({ source: [1, be32], operation: [2, be32], data: [3, data] }, flagged),
        meta: attributes({ register: [1, be32], key: [2, be32], source: [3, be32] }, flagged),
        immediate: attributes({ register: [1, be32], data: [2, data] }, flagged),
        masq: attributes({ flags: [1, be32], firstPort: [2, be32], lastPort: [3, be32] }, flagged),
        ct: attributes({ register: [1, be32], key: [2, be32], source: [4, be32] }, flagged),
        fib: attributes({ register: [1, be32], result: [2, be32], flags: [3, be32] }, flagged),
      }),
    ],
  },
  flagged,
);

/** `enum nft_list_attributes`: the expressions of a rule, from left to right. */
export const expressions = attributes({ elements: [1, repeated(expression)] }, flagged);
