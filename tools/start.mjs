// npm start [-- command…]: runs a command in a container, or a script that shows it is one.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build, exitStatus, install, pinnedNode, root } from './setup.mjs';

// Shell builtins and coreutils only: the script must work in any root file system.
const proof = `
echo "pid        $$"
echo "hostname   $(hostname 2>/dev/null || cat /proc/sys/kernel/hostname)"
echo "uname -n   $(uname -n)"
echo "id         $(id)"
echo "processes"
for file in /proc/[0-9]*/comm; do
  pid=\${file#/proc/}
  read -r name <"$file" && printf '  %6s  %s\\n' "\${pid%/comm}" "$name"
done
echo "mounts     $(wc -l </proc/mounts)"
count=0
while [ $count -lt 5 ] && read -r line; do
  echo "  $line"
  count=$((count + 1))
done </proc/mounts
`;

try {
  await install();
  await build();
} catch (error) {
  process.stderr.write(`ts-c: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

const command = process.argv.slice(2);
if (command.length === 0) command.push('sh', '-c', proof);
const cli = join(root, 'apps/nsinit/dist/bin.js');
const child = spawn(pinnedNode(), [cli, 'run', '--', ...command], { stdio: 'inherit' });

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.on(signal, () => {
    // Ctrl-C at a terminal reaches the child by itself: it is in the same process group.
    if (signal === 'SIGINT' && process.stdin.isTTY) return;
    child.kill(signal);
  });
}
child.on('error', (error) => {
  process.stderr.write(`ts-c: ${error.message}\n`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(exitStatus(code, signal)));
