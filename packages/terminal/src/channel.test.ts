import { closeSync, fstatSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import {
  execve,
  exitGroup,
  iovec,
  live,
  Memory,
  MSG,
  msghdr,
  Program,
  sendmsg,
  spawn,
} from '@ts-c/syscall';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDescriptors } from '../test/container.ts';
import { descriptorMessage, rightsHeader } from './calls.ts';
import { DescriptorChannel } from './channel.ts';
import { sendDescriptor } from './descriptor.ts';

const none = expect.objectContaining({ code: 'ERR_NO_DESCRIPTOR' }) as Error;
const closed = expect.objectContaining({ code: 'ERR_CHANNEL_CLOSED' }) as Error;

function newChannel(): DescriptorChannel {
  const channel = new DescriptorChannel();
  onTestFinished(() => channel[Symbol.dispose]());
  return channel;
}

/** Sends /dev/null, and closes it here. */
function sendNull(channel: DescriptorChannel): void {
  const descriptor = openSync('/dev/null', 'r');
  sendDescriptor(live, channel.childEnd, descriptor);
  closeSync(descriptor);
}

/** Sends a message with two descriptors. */
function sendTwo(channel: DescriptorChannel, descriptor: number): void {
  const control = new Memory(descriptorMessage.size);
  const { cmsg_len, cmsg_level, cmsg_type, fd } = descriptorMessage.offsets;
  control.set('u64', cmsg_len, descriptorMessage.size);
  control.set('i32', cmsg_level, rightsHeader.cmsg_level);
  control.set('i32', cmsg_type, rightsHeader.cmsg_type);
  control.set('i32', fd, descriptor);
  control.set('i32', fd + 4, descriptor);
  const byte = new Memory(1);
  const message = msghdr.make({
    msg_iov: iovec.make({ iov_base: byte, iov_len: 1 }),
    msg_iovlen: 1,
    msg_control: control,
    msg_controllen: control.size,
  });
  live.call(sendmsg, channel.childEnd, message, MSG.NOSIGNAL);
}

/** How many descriptors of this process are open on /dev/zero. */
function openZeros(): number {
  return openDescriptors().filter((opened) => opened.endsWith(' /dev/zero')).length;
}

/** Starts a Program that has the channel, and runs a command or ends. */
function start(channel: DescriptorChannel, command: readonly string[] = []): () => void {
  const program = new Program();
  if (command[0]) {
    const argv = Memory.strings('argv', command);
    program.call(execve, command[0], argv, Memory.strings('envp', []));
  } else {
    program.call(exitGroup, 0);
  }
  const { process: child } = spawn(program, {
    stdio: ['ignore', 'ignore', 'ignore', channel.childEnd],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return () => void child.kill('SIGKILL');
}

describe('DescriptorChannel', () => {
  it('receives the very file that was sent, close-on-exec', async () => {
    const channel = newChannel();
    sendNull(channel);
    const received = await channel.receive();
    expect(fstatSync(received).rdev).toBe(statSync('/dev/null').rdev);
    const flags = /^flags:\t(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${received}`, 'utf8'));
    const closeOnExec = 0o2000000;
    expect(Number.parseInt(flags?.[1] ?? '', 8) & closeOnExec).toBe(closeOnExec);
    closeSync(received);
  });

  it('receives from the event loop, what is sent later', async () => {
    const channel = newChannel();
    const ours = newChannel();
    // The other end of `channel` stays open, in a message that is under way.
    sendDescriptor(live, ours.childEnd, channel.childEnd);
    const theirs = await ours.receive();
    const received = channel.receive();
    setTimeout(() => {
      sendDescriptor(live, theirs, theirs);
      closeSync(theirs);
    }, 20);
    const descriptor = await received;
    expect(fstatSync(descriptor).isSocket()).toBe(true);
    closeSync(descriptor);
  });

  it('says that nothing will come, where the Program has ended', async () => {
    const channel = newChannel();
    start(channel);
    await expect(channel.receive()).rejects.toThrow(none);
  });

  it('waits for as long as anybody has the other end', async () => {
    const channel = newChannel();
    const kill = start(channel, ['/bin/sleep', '60']);
    let settled = false;
    const received = channel.receive().finally(() => (settled = true));
    received.catch(() => {});
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
    expect(settled).toBe(false);
    kill();
    await expect(received).rejects.toThrow(none);
  });

  it('refuses a message without a descriptor', async () => {
    const channel = newChannel();
    writeSync(channel.childEnd, 'x');
    await expect(channel.receive()).rejects.toThrow(none);
  });

  it('takes one descriptor of several and keeps none of the others', async () => {
    const channel = newChannel();
    const descriptor = openSync('/dev/zero', 'r');
    sendTwo(channel, descriptor);
    const received = await channel.receive();
    expect(openZeros()).toBe(2);
    closeSync(received);
    closeSync(descriptor);
    expect(openZeros()).toBe(0);
  });

  it('stops waiting when it is told to, and can wait again', async () => {
    const channel = newChannel();
    const kill = start(channel, ['/bin/sleep', '60']);
    const reason = new Error('enough');
    await expect(channel.receive({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const received = channel.receive({ signal: controller.signal });
    setTimeout(() => controller.abort(reason), 10);
    await expect(received).rejects.toBe(reason);
    kill();
    await expect(channel.receive()).rejects.toThrow(none);
  });

  it('ends what waits when it is disposed of, and is closed from then on', async () => {
    const channel = newChannel();
    start(channel, ['/bin/sleep', '60']);
    const received = channel.receive();
    received.catch(() => {});
    await new Promise(setImmediate);
    channel[Symbol.dispose]();
    await expect(received).rejects.toThrow(closed);
    await expect(channel.receive()).rejects.toThrow(closed);
    expect(() => channel.childEnd).toThrow(closed);
    channel[Symbol.dispose]();
  });

  it('has given its other end away once it waits', async () => {
    const channel = newChannel();
    sendNull(channel);
    closeSync(await channel.receive());
    expect(() => channel.childEnd).toThrow(closed);
  });

  it('leaves no descriptor open, whatever comes of it', async () => {
    const controller = new AbortController();
    controller.abort();
    const outcomes: ((channel: DescriptorChannel) => unknown)[] = [
      () => {},
      async (channel) => {
        sendNull(channel);
        closeSync(await channel.receive());
      },
      (channel) => channel.receive().catch(() => {}),
      (channel) => channel.receive({ signal: controller.signal }).catch(() => {}),
      // What has been sent and is never received goes with the socket.
      (channel) => sendNull(channel),
    ];
    const before = openDescriptors().length;
    for (let round = 0; round < 4; round += 1) {
      for (const outcome of outcomes) {
        const channel = new DescriptorChannel();
        await outcome(channel);
        channel[Symbol.dispose]();
      }
    }
    expect(openDescriptors().length).toBeLessThanOrEqual(before);
  });
});
