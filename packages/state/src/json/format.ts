/**
 * Writes a value as Go's encoding/json of 2014 does: integers of any size, the members in order, and `<`, `>`, `&`, U+2028,
 * U+2029 and control characters as escapes. Members that are undefined are left out.
 *
 * @param indent What a level is indented by, a tab for instance; all on one line without it.
 */
export function formatJson(value: unknown, indent = ''): string {
  return format(value, indent, indent === '' ? '' : '\n');
}

function format(value: unknown, indent: string, newline: string): string {
  if (typeof value === 'string') return formatString(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const inner = newline + indent;
  const colon = newline === '' ? ':' : ': ';
  const items = Array.isArray(value)
    ? value.map((item) => format(item, indent, inner))
    : Object.entries(value)
        .filter(([, member]) => member !== undefined)
        .map(([key, member]) => `${formatString(key)}${colon}${format(member, indent, inner)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return items.length === 0
    ? `${open}${close}`
    : `${open}${inner}${items.join(`,${inner}`)}${newline}${close}`;
}

const short: Readonly<Record<string, string>> = {
  '\\b': '\\u0008',
  '\\t': '\\u0009',
  '\\f': '\\u000c',
};

// JavaScript and Go agree but for three short escapes, halves of surrogate pairs, and what could end a script in HTML.
function formatString(text: string): string {
  return JSON.stringify(text).replaceAll(
    /\\\\|\\[btf]|\\ud[\da-f]{3}|[<>&\u2028\u2029]/g,
    (found) => {
      if (found === '\\\\') return found;
      if (found.startsWith('\\u')) return '\\ufffd';
      return short[found] ?? `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`;
    },
  );
}
