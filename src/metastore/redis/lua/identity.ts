import { AT } from './places.ts';

/** The parts of the argument `id`, a write ID, and what they say of an entry or a record. */
export const IDENTITY: string = String.raw`
local fence, nonce, sequence, run = ID:sub(${AT.fence}), ID:sub(${AT.nonce}), ID:sub(${AT.sequence}), ID:sub(${AT.run})
local function newer(text)
  local other = text:sub(${AT.headFence})
  return other > fence or (other == fence and text:sub(${AT.headNonce}) ~= nonce)
end
local function own(text) return text:sub(${AT.headRun}) == run end
local function laterOwn(text) return own(text) and text:sub(${AT.headSequence}) > sequence end`;
