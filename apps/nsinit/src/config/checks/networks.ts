import {
  checkNetworks as problemsOfNetworks,
  checkRoutes as problemsOfRoutes,
  hostsFile,
  networkTypes,
  parsePublish,
  resolvConf,
} from '@ts-c/network';
import { suggest } from '../../suggest.ts';
import { describeNetworks } from '../describe-network.ts';
import type { Issues } from '../issues.ts';
import type { Config } from '../types.ts';

/** Checks `networks`, `routes` and what else is about the network, as far as that is possible without making any. */
export function checkNetworks(config: Config, issues: Issues): void {
  const { networks = [], routes = [], published_ports = [], dns, extra_hosts = [] } = config;
  for (const { key, message } of problemsOfNetworks(describeNetworks(networks))) {
    const [, index] = /^networks\[(\d+)\]\.type$/.exec(key) ?? [];
    const meant =
      index === undefined ? undefined : suggest(networks[Number(index)]?.type ?? '', networkTypes);
    issues.error(key, message, meant);
  }
  for (const { key, message } of problemsOfRoutes(routes)) issues.error(key, message);
  published_ports.forEach((text, index) =>
    check(`published_ports[${index}]`, issues, () => parsePublish(text)),
  );
  if (dns) check('dns', issues, () => resolvConf(dns));
  if (extra_hosts.length > 0) check('extra_hosts', issues, () => hostsFile({ extra: extra_hosts }));
}

/** Errors of the package say what is wrong; here they also say where. */
function check(path: string, issues: Issues, body: () => unknown): void {
  try {
    body();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_INVALID_ARG_VALUE') throw error;
    const [, index = '', rest = message] =
      /^[^\s:.[]+((?:\.\w+)?(?:\[\d+\])?): (.*)$/s.exec(message) ?? [];
    issues.error(path + index, rest);
  }
}
