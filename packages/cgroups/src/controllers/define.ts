import type { ErrnoCode } from '@ts-c/syscall';
import { CgroupError } from '../error.ts';
import type { Resources } from '../resources.ts';
import type { CgroupVersion, Circumstances, Controller, Setting } from '../setting.ts';
import type { Limit } from '../value.ts';

/** Why a version does not have a key, and what to do instead. */
interface Lack {
  readonly remedy: string;
  /** A value that asks for nothing, and so may stay. */
  readonly isNothing?: (resources: Resources) => boolean;
}

type Lacks = { readonly [Key in keyof Resources]?: Lack };
type Write = (list: SettingList, resources: Resources, circumstances: Circumstances) => void;

/** What a controller is made of. */
export interface ControllerParts {
  readonly names: Controller['names'];
  readonly keys: Controller['keys'];
  /** Which of the keys a version does not have. */
  readonly lacks?: { readonly 1?: Lacks; readonly 2?: Lacks };
  readonly check: Controller['check'];
  readonly write: { readonly 1?: Write; readonly 2?: Write };
}

/** Makes a controller which looks at all values before it turns them into writes. */
export function defineController({
  names,
  keys,
  lacks = {},
  check,
  write,
}: ControllerParts): Controller {
  return {
    names,
    keys,
    check,
    settings(resources, version, circumstances = {}) {
      check(resources);
      const list = new SettingList(names[version] ?? '');
      for (const key of keys) checkHas(key, resources, version, lacks[version]?.[key]);
      write[version]?.(list, resources, circumstances);
      return list.settings;
    },
  };
}

function checkHas(
  key: keyof Resources,
  resources: Resources,
  version: CgroupVersion,
  lack: Lack | undefined,
): void {
  if (resources[key] === undefined || !lack || lack.isNothing?.(resources)) return;
  throw new CgroupError(
    'ERR_NO_CONTROLLER',
    `${key}: cgroup version ${version} does not have it; ${lack.remedy}`,
    { key },
  );
}

/** Where there is no such file there is no such limit either. */
const noSuchFile: readonly ErrnoCode[] = ['ENOENT'];

/** Collects the writes of one controller, in order. */
export class SettingList {
  readonly settings: Setting[] = [];
  readonly #controller: string;

  constructor(controller: string) {
    this.#controller = controller;
  }

  /** Adds a write. */
  add(file: string, key: string, value: string | number, controller = this.#controller): void {
    this.settings.push({ controller, file, value: String(value), key });
  }

  /** Adds a write whose value asks for nothing: it holds without the file too. */
  addNone(file: string, key: string, value: string | number): void {
    const controller = this.#controller;
    this.settings.push({ controller, file, value: String(value), key, tolerate: noSuchFile });
  }

  /** Adds a limit, or that there is none, in the version's own word for that. */
  addLimit(file: string, key: string, limit: Limit, none: '-1' | 'max'): void {
    if (limit === 'max') this.addNone(file, key, none);
    else this.add(file, key, String(limit));
  }

  /** Adds a switch; off holds without the file too. */
  addSwitch(file: string, key: string, on: boolean): void {
    if (on) this.add(file, key, 1);
    else this.addNone(file, key, 0);
  }
}

/** Is there such a file in the cgroup? Undefined where that is unknown. */
export function hasFile({ files, read }: Circumstances, file: string): boolean | undefined {
  if (files) return files.has(file);
  return read ? read(file) !== undefined : undefined;
}
