import { externalJob } from 'mooring';

/** The job of the external system that a test serves at this URL. `plain`: a lost submit cannot be found by its key. */
export function systemJob(url, pollInterval = '30ms', plain = false) {
  const ask = async (...call) => (await (await fetch(url, { method: 'POST', body: JSON.stringify(call) })).json()).answer;
  return externalJob({
    submit: (input, { idempotencyKey }) => ask('submit', input, { idempotencyKey }),
    ...(plain ? { findLag: 0 } : { idempotentFor: '1h' }),
    getStatus: (id) => ask('getStatus', id),
    getResult: (id) => ask('getResult', id),
    cancel: (id, { reason }) => ask('cancel', id, { reason }),
    pollInterval,
    submitTimeout: '2s',
  });
}
