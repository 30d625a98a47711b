/** The workflow of 08-both-runtimes.ts: workflow code imports nothing of Mooring but this subpath. */
import { proxyActivities } from '@temporalio/workflow';
import { resumableOptions } from 'mooring/temporal/workflow';
import type { Video } from './external-system.ts';

interface Activities {
  publish(video: Video): Promise<string>;
}

const { publish } = proxyActivities<Activities>(resumableOptions('hold', { heartbeatTimeout: '5 seconds' }));

export function publishVideo(video: Video): Promise<string> {
  return publish(video);
}
