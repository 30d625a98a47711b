/** `mooring/drill`: describes an external job to `mooring drill`, which certifies it. Loads no client. */
export { defineDrill, type CountedCell, type DrillCell, type DrillDefinition } from './definition.ts';
