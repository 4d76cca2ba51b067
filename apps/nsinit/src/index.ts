export type { ContainerDescription } from './description.ts';
export { features, type Feature, type Features } from './features/index.ts';
export { DescriptionError } from './runtime/check.ts';
export { Container, type ContainerOptions, type ContainerResult } from './runtime/container.ts';
export { complete, defaultCapabilities, type ContainerRequest } from './runtime/defaults.ts';
export { create, plan, run, start } from './runtime/run.ts';
