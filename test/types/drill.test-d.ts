import { expectTypeOf } from 'expect-type';
import { externalJob } from 'mooring';
import { defineDrill } from 'mooring/drill';

const job = externalJob({
  submit: async (_input: { video: string }): Promise<number> => 7,
  getStatus: async () => ({ state: 'succeeded' }),
  getResult: async () => ({ frames: 3 }),
});

defineDrill({
  job,
  input: ({ name }) => ({ video: name }),
  async count(cell) {
    expectTypeOf(cell.input).toEqualTypeOf<{ video: string }>();
    expectTypeOf(cell.externalIds).toEqualTypeOf<readonly number[]>();
    return cell.externalIds.length;
  },
  isResult(result) {
    expectTypeOf(result).toEqualTypeOf<{ frames: number }>();
    return result.frames === 3;
  },
});
defineDrill({ job, input: { video: 'a.mov' }, count: async () => 1 });
// @ts-expect-error: the input is not that of the job
defineDrill({ job, input: { film: 'a.mov' }, count: async () => 1 });
// @ts-expect-error: nothing counts
defineDrill({ job, input: { video: 'a.mov' } });
