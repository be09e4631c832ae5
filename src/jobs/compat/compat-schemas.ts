import { releaseStatuses } from '../job-parameters.js';
import { referenceOperations } from '../../common/operations.js';
import { compatStatuses } from '../jobs-lifecycle.js';

const text = { type: 'string' } as const;

const manifestoSchema = {
  type: 'object',
  required: ['version', 'description', 'releaseTime', 'languageCode', 'updateType', 'dataStructureUpdates'],
  properties: {
    version: text,
    description: text,
    releaseTime: { type: 'integer' },
    languageCode: text,
    updateType: { type: 'string', nullable: true },
    dataStructureUpdates: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'description', 'operation', 'releaseStatus'],
        additionalProperties: false,
        properties: { name: text, description: text, operation: text, releaseStatus: text },
      },
    },
  },
};

const parameterProperties = {
  operation: { type: 'string', enum: [...referenceOperations] },
  target: text,
  releaseStatus: { type: 'string', enum: [...releaseStatuses] },
  description: text,
  bumpManifesto: manifestoSchema,
  bumpFromVersion: text,
  bumpToVersion: text,
};

/** A job in OpenAPI. */
export const jobSchema = {
  type: 'object',
  required: ['jobId', 'status', 'parameters', 'log', 'createdAt', 'createdBy'],
  properties: {
    jobId: text,
    status: { type: 'string', enum: [...compatStatuses] },
    parameters: { type: 'object', required: ['operation', 'target'], properties: parameterProperties },
    log: { type: 'array', items: { type: 'object', required: ['at', 'message'], properties: { at: text, message: text } } },
    createdAt: { type: 'string', description: 'UTC without a zone, six digits of fraction.' },
    createdBy: {
      type: 'object',
      required: ['userId', 'firstName', 'lastName'],
      properties: { userId: text, firstName: text, lastName: text },
    },
  },
};

/** The body of POST /jobs in OpenAPI. */
export const newJobsSchema = {
  type: 'object',
  required: ['jobs'],
  additionalProperties: false,
  properties: {
    jobs: {
      type: 'array',
      items: { type: 'object', required: ['operation', 'target'], additionalProperties: false, properties: parameterProperties },
    },
  },
};

/** One result of POST /jobs in OpenAPI. */
export const resultSchema = {
  type: 'object',
  required: ['status', 'msg'],
  properties: { status: { type: 'string', enum: ['queued', 'FAILED'] }, msg: text, job_id: text, reason: text },
};

/** The body of PUT /jobs/{jobId} in OpenAPI. */
export const statusReportSchema = {
  type: 'object',
  additionalProperties: false,
  properties: { status: { type: 'string', enum: [...compatStatuses] }, description: text, log: text },
};
