export { importJobsDatabase, ImportRefusedError } from './jobs-database-import.js';
export { type ImportCounts, type ImportRemark, type ImportReport } from './report.js';
