/** The error of what waits for a socket, or is begun on one, that is closed. */
export function closedError(): Error {
  return Object.assign(new Error('the netlink socket is closed'), { code: 'ERR_NETLINK_CLOSED' });
}
