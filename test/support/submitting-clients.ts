import { readFileSync } from 'node:fs';
import http, { type AgentOptions } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { isNativeError } from 'node:util/types';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import axios from 'axios';
import axiosRetry from 'axios-retry';
import { request as gaxios6 } from 'gaxios';
import { request as gaxios7 } from 'gaxios-7';
import { got } from 'got';
import { Agent as UndiciAgent, request as undici, RetryAgent } from 'undici';

/** The clients that people submit jobs with, each as one function that sends one POST. */

/**
 * Makes Node's errors errors here. Jest gives each test file a realm of its own, so that clients that ask `instanceof Error` would do
 * something else than outside of Jest: the AWS SDK hides the error.
 */
export function adoptNodeErrors(): void {
  const inherited = Function.prototype[Symbol.hasInstance];
  Object.defineProperty(Error, Symbol.hasInstance, {
    value(this: unknown, one: unknown): boolean {
      return (this === Error && isNativeError(one)) || Reflect.apply(inherited, this, [one]);
    },
  });
}

/** What is sent, and how. */
export interface Posting {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** What a client may be told of its connections; each understands some of it. */
  readonly lookup?: LookupFunction;
  readonly ca?: string;
  /** How long a connection may take to come about, in milliseconds. */
  readonly connectTimeout?: number;
  /** Lets the client try so often again. @defaultValue 0 */
  readonly retries?: number;
  /** Keeps connections for the next request. @defaultValue false */
  readonly agent?: http.Agent;
}

/** A client. */
export interface SubmittingClient {
  readonly name: string;
  readonly version: string;
  post(posting: Posting): Promise<unknown>;
}

const BODY = '{"job":1}';

function versionOf(client: string): string {
  const { version } = JSON.parse(readFileSync(`node_modules/${client}/package.json`, 'utf8')) as { version: string };
  return version;
}

function agentOf({ url, agent, lookup, ca }: Posting): http.Agent {
  const options = { ...(lookup && { lookup }), ...(ca !== undefined && { ca }) } as AgentOptions;
  return agent ?? (url.startsWith('https:') ? new https.Agent(options) : new http.Agent(options));
}

async function viaNode(posting: Posting): Promise<unknown> {
  const { url, method = 'POST', headers = {}, signal } = posting;
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? https.request : http.request;
    send(url, { method, headers, agent: agentOf(posting), ...(signal && { signal }) }, (response) => {
      response
        .resume()
        .on('end', () => resolve(response.statusCode))
        .on('error', reject);
    })
      .on('error', reject)
      .end(BODY);
  });
}

async function viaAxios(posting: Posting): Promise<unknown> {
  const { url, method = 'POST', headers, signal, retries = 0 } = posting;
  const client = axios.create();
  if (retries > 0) axiosRetry(client, { retries, retryCondition: () => true, retryDelay: () => 1 });
  const agent = agentOf(posting);
  return client.request({
    url,
    method,
    data: BODY,
    httpAgent: agent,
    httpsAgent: agent,
    proxy: false,
    ...(headers && { headers }),
    ...(signal && { signal }),
  });
}

async function viaGot(posting: Posting): Promise<unknown> {
  const { url, method = 'POST', headers, signal, retries = 0, connectTimeout } = posting;
  const agent = agentOf(posting);
  return got(url, {
    method: method as 'POST',
    body: BODY,
    agent: { http: agent, https: agent as https.Agent },
    retry: { limit: retries, methods: ['POST'], backoffLimit: 1, noise: 0 },
    ...(headers && { headers }),
    ...(signal && { signal }),
    ...(connectTimeout !== undefined && { timeout: { connect: connectTimeout } }),
  });
}

async function viaAws(posting: Posting): Promise<unknown> {
  const { url, signal, retries = 0, connectTimeout } = posting;
  const agent = agentOf(posting);
  const client = new S3Client({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    forcePathStyle: true,
    maxAttempts: retries + 1,
    requestHandler: {
      httpAgent: agent,
      httpsAgent: agent,
      ...(connectTimeout !== undefined && { connectionTimeout: connectTimeout }),
    },
  });
  try {
    return await client.send(new CreateBucketCommand({ Bucket: 'jobs' }), signal && { abortSignal: signal });
  } finally {
    client.destroy();
  }
}

type Gaxios = (options: object) => Promise<unknown>;

function viaGaxios(request: Gaxios): SubmittingClient['post'] {
  return async (posting) => {
    const { url, method = 'POST', headers, signal, retries = 0 } = posting;
    return request({
      url,
      method,
      body: BODY,
      data: BODY,
      agent: agentOf(posting),
      ...(headers && { headers }),
      ...(signal && { signal }),
      ...(retries > 0 && {
        retryConfig: { retry: retries, noResponseRetries: retries, retryDelay: 1, httpMethodsToRetry: ['POST'] },
      }),
    });
  };
}

async function viaUndici({ url, method = 'POST', headers, signal, ...connection }: Posting): Promise<unknown> {
  const { lookup, ca, connectTimeout = 10_000, retries = 0 } = connection;
  const agent = new UndiciAgent({
    connect: { timeout: connectTimeout, ...(lookup && { lookup }), ...(ca !== undefined && { ca }) },
  });
  const dispatcher =
    retries === 0 ? agent : new RetryAgent(agent, { maxRetries: retries, minTimeout: 1, maxTimeout: 1, methods: ['POST'] });
  const post = undici(url, {
    method: method as 'POST',
    body: BODY,
    dispatcher,
    ...(headers && { headers }),
    ...(signal && { signal }),
  });
  try {
    const { body, statusCode } = await post;
    await body.dump();
    return statusCode;
  } finally {
    await agent.destroy();
  }
}

async function viaFetch({ url, method = 'POST', headers, signal }: Posting): Promise<unknown> {
  const response = await fetch(url, { method, body: BODY, ...(headers && { headers }), ...(signal && { signal }) });
  await response.arrayBuffer();
  return response.status;
}

/** In the order of the page. */
export const CLIENTS: readonly SubmittingClient[] = [
  { name: 'fetch', version: process.versions['undici'] ?? '', post: viaFetch },
  { name: 'undici', version: versionOf('undici'), post: viaUndici },
  { name: 'node:http', version: process.versions.node, post: viaNode },
  { name: 'axios', version: versionOf('axios'), post: viaAxios },
  { name: 'got', version: versionOf('got'), post: viaGot },
  { name: 'AWS SDK', version: versionOf('@aws-sdk/client-s3'), post: viaAws },
  { name: 'gaxios 6', version: versionOf('gaxios'), post: viaGaxios(gaxios6) },
  { name: 'gaxios 7', version: versionOf('gaxios-7'), post: viaGaxios(gaxios7) },
];
