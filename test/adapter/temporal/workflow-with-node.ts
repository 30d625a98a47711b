/** What no workflow may do: the module for activities needs Node, which the sandbox does not have. */
export { taskContext } from '../../../adapters/temporal/index.ts';
export { steps } from './workflows.ts';
