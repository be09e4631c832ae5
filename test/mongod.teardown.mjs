/** Ends the mongod of `mongod.setup.mjs`. */
export default () => globalThis.stopMongod?.();
