/** Where containers are recorded, an option of every command that reads or writes records. */
export const rootOption = {
  root: {
    type: 'string',
    value: 'DIR',
    description:
      'Where containers are recorded; /run/nsinit for root, $XDG_RUNTIME_DIR/nsinit for others',
  },
} as const;
