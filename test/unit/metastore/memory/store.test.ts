import { metastoreContract } from '../../../contract/metastore.ts';
import { memoryRig } from '../../../support/memory-rig.ts';

metastoreContract('memory', async () => memoryRig());
