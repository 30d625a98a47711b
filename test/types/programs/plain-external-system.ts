import { externalJob, jobStatus, NotSubmittedError } from 'mooring';
import { openai, OpenAIError } from '../external-systems.ts';

/** An external system that neither knows a token again nor can be searched: refusals are told apart, the rest is for a person. */

const status = jobStatus({
  active: ['validating', 'in_progress', 'finalizing'],
  succeeded: ['completed'],
  failed: ['failed', 'expired'],
  cancelled: ['cancelled'],
});

export const embeddings = externalJob({
  externalIdKey: 'embeddings',
  submit: async (fileId: string, { signal }) => {
    try {
      return (await openai.batches.create({ input_file_id: fileId, endpoint: '/v1/embeddings' }, { signal })).id;
    } catch (cause) {
      if (!(cause instanceof OpenAIError) || cause.status >= 500) throw cause;
      throw new NotSubmittedError('refused', { cause, retryable: cause.status === 429 });
    }
  },
  getStatus: async (id, { signal }) => status((await openai.batches.retrieve(id, { signal })).status),
  getResult: async (id, { signal }) => (await openai.batches.retrieve(id, { signal })).output_file_id ?? '',
});
