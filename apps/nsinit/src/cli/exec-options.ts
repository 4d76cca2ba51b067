/** The options of `nsinit exec`, and of `nsinit plan exec`. */
export const execOptions = {
  strict: {
    type: 'boolean',
    description: 'Errors instead of warnings about what is unknown in container.json',
  },
} as const;
