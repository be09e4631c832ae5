/** UTC without a zone, always six digits, as the job service's clients read it: `2025-06-11T08:15:30.120000`. @see contracts/jobs.md 4.5 */
export const naiveIso = (at: Date): string => `${at.toISOString().slice(0, -1)}000`;
