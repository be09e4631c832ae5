/** The part of `seek-bzip`, which has no types of its own, that is used here. */
declare module 'seek-bzip' {
  interface ByteInput {
    readByte(): number;
    read(buffer: Uint8Array, offset: number, length: number): number;
    eof(): boolean;
  }
  interface ByteOutput {
    writeByte(byte: number): void;
  }
  const bunzip: { decode(input: ByteInput, output: ByteOutput, multistream: boolean): void };
  export = bunzip;
}
