export { withVectorTable } from './vector-table.ts';
