export type { JsonObject } from './json.ts';
export { linksToJson } from './links.ts';
export { neighboursToJson } from './neighbours.ts';
export { routesToJson } from './routes.ts';
export { rulesToJson } from './rules.ts';
