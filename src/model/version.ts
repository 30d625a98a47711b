/** Which write an entry comes from. Opaque: compare it, and give it back as `ifVersion`. */
export type Version = string & { readonly [brand]: 'version' };
declare const brand: unique symbol;
