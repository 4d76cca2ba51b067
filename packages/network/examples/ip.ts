/**
 * A small ip(8): `node --conditions=@ts-c/source packages/network/examples/ip.ts OPTIONS OBJECT`, where OPTIONS are `-j` (in the format of
 * iproute2), `-d`, `-s`, `-4` and `-6`, and OBJECT is `link`, `addr`, `route`, `neigh`, `rule` or `monitor`.
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
  type ObjectOptions,
} from '@ts-c/network';
import {
  linksToJson,
  neighboursToJson,
  routesToJson,
  rulesToJson,
  type JsonObject,
} from './ip/index.ts';

type Values = ReturnType<typeof read>['values'];
/** What is asked for beyond the object: words, the family and the table that they name, and where. */
interface Query {
  readonly values: Values;
  readonly words: readonly string[];
  readonly family: 4 | 6 | undefined;
  readonly device: string | undefined;
  readonly table: string | undefined;
  readonly namespace: ObjectOptions['namespace'];
}

const commands: Readonly<Record<string, (query: Query) => Promise<JsonObject[]>>> = {
  async link({ values, namespace }) {
    const statistics = values.statistics === true;
    return linksToJson(await listLinks({ namespace, statistics }), values);
  },
  async addr({ values, family, device, namespace }) {
    const [links, addresses] = await Promise.all([
      listLinks({ namespace }),
      listAddresses({ family, device, namespace }),
    ]);
    return linksToJson(links, { ...values, family }, addresses);
  },
  async route({ values, family, device, table, namespace }) {
    const number = Number(table);
    const one = Number.isNaN(number) ? (table as 'main' | 'local' | 'default' | 'all') : number;
    // As ip(8): IPv4 alone unless all tables are wanted.
    const wanted = family ?? (table === 'all' ? undefined : 4);
    const routes = await listRoutes({ device, family: wanted, table: one, namespace });
    return routesToJson(routes, values, table === 'all');
  },
  async neigh({ words, family, device, namespace }) {
    const proxy = words.includes('proxy');
    return neighboursToJson(await listNeighbours({ family, device, proxy, namespace }));
  },
  async rule({ values, family, namespace }) {
    return rulesToJson(await listRules({ family: family ?? 4, namespace }), values);
  },
};

/** What a command line asks for, in this network namespace or another one. */
export async function ip(
  args: readonly string[],
  namespace?: ObjectOptions['namespace'],
): Promise<JsonObject[]> {
  const { values, object, words } = read(args);
  const valueOf = (key: string): string | undefined =>
    words[words.indexOf(key) + 1 || words.length];
  const [device, table] = [valueOf('dev'), valueOf('table')];
  const family = values.inet6 ? 6 : values.inet ? 4 : undefined;
  const command = commands[object];
  if (!command) throw new Error(`expected one of ${Object.keys(commands).join(', ')}, monitor`);
  const list = await command({ values, words, family, device, table, namespace });
  // Of links with their addresses those of one device, where one is named.
  return list.filter(({ ifname }) => device === undefined || !ifname || ifname === device);
}

function read(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', short: 'j' },
      details: { type: 'boolean', short: 'd' },
      statistics: { type: 'boolean', short: 's' },
      inet: { type: 'boolean', short: '4' },
      inet6: { type: 'boolean', short: '6' },
    },
  });
  const [object = 'link', ...words] = positionals;
  return { values, object, words };
}

async function main(args: readonly string[]): Promise<void> {
  const { values, object } = read(args);
  if (object === 'monitor') {
    for await (const change of watch(['link', 'address', 'route', 'neighbour', 'rule'])) {
      const text = JSON.stringify(change, (_, value: unknown) =>
        typeof value === 'bigint' ? Number(value) : value,
      );
      process.stdout.write(`${text}\n`);
    }
    return;
  }
  const list = await ip(args);
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

if (import.meta.main) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`ip: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
