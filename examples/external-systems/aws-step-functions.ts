/**
 * An execution of a Step Functions state machine of the type STANDARD, by the AWS SDK.
 *
 * - A repeated name with the same input, while it runs: the first execution. After its end, or with another input: 400
 *   ExecutionAlreadyExists. Refused, until 90 days after its end, when a name can be used again.
 * - The ARN of an execution follows from its name. DescribeExecution is eventually consistent; by how much is not documented.
 * - Words: RUNNING, PENDING_REDRIVE; SUCCEEDED; FAILED, TIMED_OUT; ABORTED (by a person). ExecutionDoesNotExist: unknown.
 * - Trap: nothing of this holds for EXPRESS state machines. A repeated name is a second execution there.
 * - Trap: the input is compared as text, so it must follow from the input of the task alone: no dates.
 * - Trap: the 90 days can be lowered to 30 for an account. Set KEPT to yours.
 *
 * By its documentation: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html and
 * https://docs.aws.amazon.com/step-functions/latest/dg/express-at-least-once-execution.html.
 * Its calls: docs/certificates/aws.md, on an emulator.
 */
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { ExecutionAlreadyExists, ExecutionDoesNotExist, SFNServiceException } from '@aws-sdk/client-sfn';
import { AlreadySubmittedError, externalJob, jobStatus, NotSubmittedError, submitRequest } from 'mooring';
const stateMachineArn = process.env['STATE_MACHINE_ARN'] ?? 'arn:aws:states:eu-west-1:123456789012:stateMachine:orders';
const KEPT = '90d';
const client = new SFNClient({ maxAttempts: 1 });
const arnOf = (name: string): string => `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
async function describe(executionArn: string, abortSignal: AbortSignal) {
  return client.send(new DescribeExecutionCommand({ executionArn }), { abortSignal }).catch((error: unknown) => {
    if (error instanceof ExecutionDoesNotExist) return undefined;
    throw error;
  });
}
const ends = { succeeded: ['SUCCEEDED'], failed: ['FAILED', 'TIMED_OUT'], cancelled: ['ABORTED'], missing: ['none'] };
const word = jobStatus({ active: ['RUNNING', 'PENDING_REDRIVE'], ...ends });

export const execution = externalJob({
  name: 'aws-step-functions',
  async submit(input: Record<string, unknown>, { idempotencyKey: name, signal: abortSignal }) {
    const start = new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) });
    try {
      return (await submitRequest(() => client.send(start, { abortSignal }))).executionArn as string;
    } catch (error) {
      if (error instanceof ExecutionAlreadyExists) throw new AlreadySubmittedError(arnOf(name));
      const status = error instanceof SFNServiceException ? (error.$metadata.httpStatusCode ?? 500) : 500;
      throw status < 500 ? new NotSubmittedError(`Step Functions refused with ${status}`, { cause: error }) : error;
    }
  },
  idempotentFor: { afterEnd: KEPT },
  find: async (name, { signal }) => (await describe(arnOf(name), signal))?.executionArn,
  async getStatus(id, { signal }) {
    const { status, error, cause } = (await describe(id, signal)) ?? { status: 'none' };
    return word(status, error && `${error}: ${cause}`);
  },
  remembersFor: KEPT,
  async getResult(id, { signal }): Promise<unknown> {
    const { output } = (await describe(id, signal)) ?? {};
    if (output === undefined) throw new Error('Step Functions has no output of the execution');
    return JSON.parse(output);
  },
  async cancel(executionArn, { reason, signal: abortSignal }) {
    await client.send(new StopExecutionCommand({ executionArn, cause: reason }), { abortSignal });
  },
});
