/**
 * A small ip(8): `node --conditions=@ts-c/source examples/ip.ts [-j] [-d] [-s] [-4|-6] link|addr|route|neigh|rule|monitor …`, with
 * `--json` in the format of iproute2.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import {
  listAddresses,
  listLinks,
  listNeighbours,
  listRoutes,
  listRules,
  watch,
} from '../packages/network/src/index.ts';
import {
  linksToJson,
  neighboursToJson,
  routesToJson,
  rulesToJson,
  type JsonObject,
} from '../packages/network/test/ip-json/index.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', short: 'j' },
    details: { type: 'boolean', short: 'd' },
    statistics: { type: 'boolean', short: 's' },
    inet: { type: 'boolean', short: '4' },
    inet6: { type: 'boolean', short: '6' },
  },
});
const [object = 'link', ...rest] = positionals;
const valueOf = (key: string): string | undefined => rest[rest.indexOf(key) + 1 || rest.length];
const family = values.inet6 ? 6 : values.inet ? 4 : undefined;
const device = valueOf('dev');
const table = valueOf('table');

const commands: Readonly<Record<string, () => Promise<JsonObject[]>>> = {
  async link() {
    return linksToJson(await listLinks({ statistics: values.statistics === true }), values);
  },
  async addr() {
    const [links, addresses] = await Promise.all([listLinks(), listAddresses({ family, device })]);
    return linksToJson(links, { ...values, family }, addresses);
  },
  async route() {
    const number = Number(table);
    const one = Number.isNaN(number) ? (table as 'main' | 'local' | 'default' | 'all') : number;
    // As ip(8): IPv4 alone unless all tables are wanted.
    const routes = await listRoutes({
      device,
      family: family ?? (table === 'all' ? undefined : 4),
      table: one,
    });
    return routesToJson(routes, values, table === 'all');
  },
  async neigh() {
    return neighboursToJson(
      await listNeighbours({ family, device, proxy: rest.includes('proxy') }),
    );
  },
  async rule() {
    return rulesToJson(await listRules({ family: family ?? 4 }), values);
  },
};

function print(list: readonly JsonObject[]): void {
  if (values.json) process.stdout.write(`${JSON.stringify(list)}\n`);
  else for (const each of list) process.stdout.write(`${toLine(each)}\n`);
}

/** One line for people. */
function toLine(thing: JsonObject): string {
  return Object.entries(thing)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}

if (object === 'monitor') {
  for await (const change of watch(['link', 'address', 'route', 'neighbour', 'rule'])) {
    const text = JSON.stringify(change, (_, value: unknown) =>
      typeof value === 'bigint' ? Number(value) : value,
    );
    process.stdout.write(`${text}\n`);
  }
} else {
  const command = commands[object];
  if (command) print((await command()).filter((each) => isWanted(each)));
  else {
    process.stderr.write(`ip: expected one of ${Object.keys(commands).join(', ')}, monitor\n`);
    process.exitCode = 1;
  }
}

/** Of links with their addresses those of one device, where one is named. */
function isWanted(each: JsonObject): boolean {
  return device === undefined || each['ifname'] === undefined || each['ifname'] === device;
}
