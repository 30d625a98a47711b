import { externalJob } from 'mooring';

/** The job of the external system that a test serves at this URL. */
export function systemJob(url, pollInterval = '30ms') {
  const ask = async (...call) => (await (await fetch(url, { method: 'POST', body: JSON.stringify(call) })).json()).answer;
  return externalJob({
    submit: (input, { idempotencyKey }) => ask('submit', input, { idempotencyKey }),
    idempotentFor: '1h',
    getStatus: (id) => ask('getStatus', id),
    getResult: (id) => ask('getResult', id),
    cancel: (id, { reason }) => ask('cancel', id, { reason }),
    pollInterval,
    submitTimeout: '2s',
  });
}
