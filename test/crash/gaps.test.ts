import { crashTable } from './crash-table.ts';

crashTable('bullmq');
