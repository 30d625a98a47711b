/** The address fits no job, or several. The message says what there is. */
export class AddressError extends Error {
  override readonly name = 'AddressError';
  readonly code: 'no-such-job' | 'several-jobs';

  constructor(code: AddressError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
