/** `mooring/board`: a page of what runs, what waits for a person and what was not run twice. */
export { boardHandler, type BoardHandler, type BoardHandlerOptions } from './board/handler.ts';
