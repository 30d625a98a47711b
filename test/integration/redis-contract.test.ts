import { Cluster, Redis } from 'ioredis';
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis-5';
import { metastoreClientContract, metastoreContract } from '../contract/metastore.ts';
import type { MetastoreRig } from '../contract/metastore-parts.ts';
import { redisRig, type RigClient } from '../support/redis-rig.ts';
import { startRedis, startRedisCluster } from '../support/redis.ts';

/** The contract of the metastore on real servers, with both majors of the client, alone and as a Cluster. */

async function single(connect: (port: number) => RigClient): Promise<MetastoreRig> {
  const server = await startRedis();
  const client = connect(server.port);
  const plain = new Redis(at(server.port));
  return redisRig(
    client,
    () => [plain],
    async () => {
      client.disconnect();
      plain.disconnect();
      await server.stop();
    },
  );
}

async function cluster(
  connect: (ports: readonly number[]) => RigClient & { nodes(role: 'master'): RigClient[] },
): Promise<MetastoreRig> {
  const servers = await startRedisCluster();
  const client = connect(servers.nodes.map(({ port }) => port));
  return redisRig(
    client,
    () => client.nodes('master'),
    async () => {
      client.disconnect();
      await servers.stop();
    },
  );
}

const at = (port: number) => ({ host: '127.0.0.1', port });

// All of it where servers, keys or the major differ in kind.
metastoreContract('Redis, ioredis 6', () => single((port) => new Redis(at(port))));
metastoreContract('Redis, ioredis 6 with a prefix', () => single((port) => new Redis({ ...at(port), keyPrefix: 'own:' })));
metastoreContract('Cluster, ioredis 5 with auto-pipelining', () =>
  cluster((ports) => new Cluster5(ports.map(at), { enableAutoPipelining: true })),
);

metastoreClientContract('Redis, ioredis 6 in RESP2', () => single((port) => new Redis({ ...at(port), protocol: 2 })));
metastoreClientContract('Redis, ioredis 6 with auto-pipelining', () =>
  single((port) => new Redis({ ...at(port), enableAutoPipelining: true })),
);
metastoreClientContract('Redis, ioredis 5', () => single((port) => new Redis5(at(port))));
metastoreClientContract('Cluster, ioredis 6', () => cluster((ports) => new Cluster(ports.map(at))));
