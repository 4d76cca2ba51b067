/** An error of validation: a code in Node's style, and a message that names the field and the remedy. */
export function problem(
  code: `ERR_${string}`,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): Error {
  return Object.assign(new Error(message), { code, ...details });
}
