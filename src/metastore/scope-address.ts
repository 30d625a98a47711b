/** Whose state; `recorded` is the scope as JSON, kept beside it where the path holds a digest. */
export interface ScopeAddress {
  path: string;
  recorded?: string;
}
