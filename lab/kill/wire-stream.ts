// Reads along on a link and puts points around every frame: before its bytes are written and after they were
// taken, when an answer came, and after the engine acted on it. spec/link.md sections 1 and 3.

import { answerBit, type ByteStream, FrameReader, pendingType, requestTypes } from '@firmseal/link';
import type { TripWire } from './trip-wire.ts';

const names = new Map<number, string>(Object.entries(requestTypes).map(([name, type]) => [type, name]));

/** The names of the requests in the bytes, or of the requests that they answer. */
function namesIn(reader: FrameReader, bytes: Uint8Array): string[] {
  const found: string[] = [];
  reader.push(bytes, ({ type }) => {
    const name = type === pendingType ? undefined : names.get(type & ~answerBit);
    if (name !== undefined) found.push(name);
  });
  return found;
}

export function wireStream(inner: ByteStream, wire: TripWire): ByteStream {
  const [sent, came] = [new FrameReader(), new FrameReader()];
  return {
    async write(bytes) {
      const requests = namesIn(sent, bytes);
      for (const name of requests) wire.reach(`frame/${name}/sending`);
      await inner.write(bytes);
      for (const name of requests) wire.reach(`frame/${name}/sent`);
    },
    listen(listener) {
      inner.listen({
        data(bytes) {
          const answers = namesIn(came, bytes);
          for (const name of answers) wire.reach(`frame/${name}/answer-came`);
          listener.data(bytes);
          setImmediate(() => {
            for (const name of answers) wire.reach(`frame/${name}/answer-taken`);
          });
        },
        closed: (cause) => listener.closed(cause),
      });
    },
    close: () => inner.close(),
  };
}
