import {
  addressMessage,
  linkMessage,
  neighbourMessage,
  routeMessage,
  RTM,
  ruleMessage,
} from '../src/route/index.ts';

const codecs = [linkMessage, addressMessage, routeMessage, neighbourMessage, ruleMessage] as const;

/** The codec of a type of rtnetlink's messages: four types in a row belong to each kind. */
export function codecOf(type: number): (typeof codecs)[number] {
  if (type === RTM.NEWLINKPROP) return linkMessage;
  const codec = codecs[Math.floor((type - RTM.NEWLINK) / 4)];
  if (!codec) throw new Error(`no codec for messages of type ${type}`);
  return codec;
}
