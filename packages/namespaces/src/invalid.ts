/** The error for an option that can't be, in the shape of Node's own. The message names the option, and what would do. */
export function invalid(message: string): TypeError {
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_VALUE' });
}
