/** Name of an error number, as in errno(3): `ENOENT`, `EPERM`. */
export type ErrnoCode = `E${string}`;

// Linux's own names in the order of their numbers, from 1; `-` where a number has none. Not node:os's: ts-c may be imported, and a
// Program compiled, on a system whose numbers differ.
const ordered = `
EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT
ENOTBLK EBUSY EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG
ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM ERANGE EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY
ELOOP - ENOMSG EIDRM ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG EUNATCH ENOCSI EL2HLT EBADE EBADR
EXFULL ENOANO EBADRQC EBADSLT - EBFONT ENOSTR ENODATA ETIME ENOSR ENONET ENOPKG EREMOTE
ENOLINK EADV ESRMNT ECOMM EPROTO EMULTIHOP EDOTDOT EBADMSG EOVERFLOW ENOTUNIQ EBADFD EREMCHG
ELIBACC ELIBBAD ELIBSCN ELIBMAX ELIBEXEC EILSEQ ERESTART ESTRPIPE EUSERS ENOTSOCK EDESTADDRREQ
EMSGSIZE EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT ESOCKTNOSUPPORT EOPNOTSUPP EPFNOSUPPORT
EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH ENETRESET ECONNABORTED ECONNRESET
ENOBUFS EISCONN ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT ECONNREFUSED EHOSTDOWN EHOSTUNREACH
EALREADY EINPROGRESS ESTALE EUCLEAN ENOTNAM ENAVAIL EISNAM EREMOTEIO EDQUOT ENOMEDIUM
EMEDIUMTYPE ECANCELED ENOKEY EKEYEXPIRED EKEYREVOKED EKEYREJECTED EOWNERDEAD ENOTRECOVERABLE
ERFKILL EHWPOISON`;

const aliases: Readonly<Record<string, ErrnoCode>> = {
  EWOULDBLOCK: 'EAGAIN',
  EDEADLOCK: 'EDEADLK',
  ENOTSUP: 'EOPNOTSUPP',
};

const names = ['-', ...ordered.trim().split(/\s+/)] as ErrnoCode[];
const numbers = new Map(names.map((name, number) => [name, number]));
numbers.delete('-' as ErrnoCode);

/**
 * The number behind an error name, positive as in errno(3).
 *
 * @throws {RangeError} for a name that Linux does not have.
 */
export function errnoNumber(code: ErrnoCode): number {
  const number = numbers.get(aliases[code] ?? code);
  if (number === undefined) throw new RangeError(`no such error name: ${code}`);
  return number;
}

/** Is this the name of an error number? */
export function isErrnoCode(code: string): code is ErrnoCode {
  return code in aliases || numbers.has(code as ErrnoCode);
}

/** The name of an error number (positive), or `E` and the number where nobody named it. */
export function errnoCode(number: number): ErrnoCode {
  const name = names[number];
  return name !== undefined && numbers.has(name) ? name : `E${number}`;
}
