const version = '.v1';

/** An event type as readers see it, such as `job.completed.v1`. */
export const publicType = (type: string): string => `${type}${version}`;

/** The stored type of either spelling. */
export const storedType = (type: string): string => (type.endsWith(version) ? type.slice(0, -version.length) : type);
