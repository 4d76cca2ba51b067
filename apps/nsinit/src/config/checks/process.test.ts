import { describe, expect, it } from 'vitest';
import { errorsOf, warningsOf } from '../../../test/config.ts';

describe('the command', () => {
  it('has an environment of KEY=VALUE', () => {
    expect(errorsOf('{"environment":["A=","B","=c",null]}')).toEqual([
      'container.json: environment[1]: expected KEY=VALUE, got "B"',
      'container.json: environment[2]: expected KEY=VALUE, got "=c"',
      'container.json: environment[3]: expected KEY=VALUE, got ""',
    ]);
  });

  it('keeps capabilities that are known', () => {
    expect(warningsOf('{"capabilities":["CHOWN","CAP_KILL","chown","FLY"]}')).toEqual([
      'capabilities[1] | "CAP_KILL" is no capability that is known: it is not kept | KILL',
      'capabilities[2] | "chown" is no capability that is known: it is not kept | CHOWN',
      'capabilities[3] | "FLY" is no capability that is known: it is not kept',
    ]);
  });

  it('has limits that are known, soft below hard', () => {
    const text = `{"rlimits":{"RLIMIT_NOFILE":{"soft":1,"hard":1},"CPU":{"soft":1},"CORE":{"soft":-1,"hard":5},
      "AS":{"soft":2,"hard":1},"NPROC":{"soft":5,"hard":-1},"DATA":{"soft":-1,"hard":-1}}}`;
    expect(errorsOf(text).map((line) => line.slice('container.json: '.length))).toEqual([
      'rlimits.RLIMIT_NOFILE: is no limit that is known; did you mean "NOFILE"?',
      'rlimits.CPU: needs both "soft" and "hard"; -1 is no limit',
      'rlimits.CORE: its soft limit is above the hard one, 5',
      'rlimits.AS: its soft limit is above the hard one, 1',
    ]);
  });

  it('has names that are not too long', () => {
    const text = `{"namespaces":{"NEWUTS":true},"hostname":"${'a'.repeat(65)}","domainname":"${'a'.repeat(64)}"}`;
    expect(errorsOf(text)).toEqual(['container.json: hostname: is longer than 64 bytes']);
  });

  it('has ranges of ids that are not empty', () => {
    const text = '{"namespaces":{"NEWUSER":true},"uid_mappings":[{"host_id":5}]}';
    expect(errorsOf(text)).toEqual([
      'container.json: uid_mappings[0].size: is missing: how many ids?',
    ]);
  });
});
