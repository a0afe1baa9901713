// A profile in Perfetto's own format: TracePackets with track descriptors and track events, by the public definitions
// (protos/perfetto/trace/track_event/). About a fifth of the JSON's size, and quicker to open.
import { InnerRows } from './inner-rows.js';
import { nameOf } from './log-model.js';
import type { LogReader } from './log-reader.js';
import { PieceFile } from './piece-file.js';
import { followRecords } from './record-events.js';
import { laneName } from './summary.js';

/** Field numbers of the messages. */
const Packet = { timestamp: 8, sequence: 10, trackEvent: 11, trackDescriptor: 60 } as const;
const Descriptor = { uuid: 1, process: 3, thread: 4, parent: 5 } as const;
const Process = { pid: 1, name: 6 } as const;
const Thread = { pid: 1, tid: 2, name: 5 } as const;
const Event = { annotation: 4, type: 9, track: 11, category: 22, name: 23, flow: 47 } as const;
const Annotation = { int: 4, string: 6, name: 10 } as const;
const Type = { begin: 1, end: 2 } as const;

const PROCESS = 1;
const SEQUENCE = 1;

/** One message: fields by number, in the encoding of Protocol Buffers. */
class Message {
  readonly #bytes: number[] = [];

  #varint(value: number): void {
    let rest = Math.max(0, Math.round(value));
    while (rest >= 128) {
      this.#bytes.push((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.#bytes.push(rest);
  }

  int(field: number, value: number): this {
    this.#varint(8 * field);
    this.#varint(value);
    return this;
  }

  fixed64(field: number, value: number): this {
    this.#varint(8 * field + 1);
    let rest = value;
    for (let i = 0; i < 8; i++) {
      this.#bytes.push(rest % 256);
      rest = Math.floor(rest / 256);
    }
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#varint(8 * field + 2);
    this.#varint(value.length);
    for (const byte of value) this.#bytes.push(byte);
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value, 'utf8'));
  }

  message(field: number, value: Message): this {
    return this.bytes(field, value.done());
  }

  done(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

function note(name: string, value: string | number): Message {
  const annotation = new Message().text(Annotation.name, name);
  return typeof value === 'string'
    ? annotation.text(Annotation.string, value)
    : annotation.int(Annotation.int, value);
}

/** Writes the trace; returns how many records it shows. @throws DataError for a damaged profile */
export function writePerfettoTrace(reader: LogReader, path: string): number {
  const file = new PieceFile(path);
  try {
    const { workers } = reader.run;
    const packet = (message: Message): void => {
      file.put(new Message().message(1, message.int(Packet.sequence, SEQUENCE)).done());
    };
    const track = (lane: number) => 10 + lane;
    packet(
      new Message().message(
        Packet.trackDescriptor,
        new Message()
          .int(Descriptor.uuid, 1)
          .message(
            Descriptor.process,
            new Message().int(Process.pid, PROCESS).text(Process.name, `maniple, ${workers} workers`),
          ),
      ),
    );
    const row = (lane: number, name: string): void => {
      const thread = new Message()
        .int(Thread.pid, PROCESS)
        .int(Thread.tid, 10 + lane)
        .text(Thread.name, name);
      packet(
        new Message().message(
          Packet.trackDescriptor,
          new Message()
            .int(Descriptor.uuid, track(lane))
            .int(Descriptor.parent, 1)
            .message(Descriptor.thread, thread),
        ),
      );
    };
    for (let lane = 0; lane < workers + 2; lane++) row(lane, laneName(lane, workers));
    row(workers + 2, 'launching thread: waits');
    const slice = (lane: number, start: number, end: number, event: Message): void => {
      event.int(Event.type, Type.begin).int(Event.track, track(lane));
      packet(new Message().int(Packet.timestamp, start).message(Packet.trackEvent, event));
      const over = new Message().int(Event.type, Type.end).int(Event.track, track(lane));
      packet(new Message().int(Packet.timestamp, end).message(Packet.trackEvent, over));
    };
    const inner = new InnerRows(workers + 3, row);
    let records = 0;
    followRecords(reader, {
      ran({ record, launch, lane, start, end, ready, cause, source, victim }) {
        records++;
        const event = new Message()
          .text(Event.category, launch.kind)
          .text(Event.name, launch.name)
          .message(Event.annotation, note('record', nameOf(record)))
          .message(Event.annotation, note('operation', launch.operation))
          .message(Event.annotation, note('created_ns', record.created))
          .message(Event.annotation, note('ready_ns', ready))
          .message(
            Event.annotation,
            note('found', source === 'stolen' ? `stolen from worker ${victim}` : source),
          );
        if (launch.within !== null) event.message(Event.annotation, note('within', nameOf(launch.within)));
        if (launch.site !== '') event.message(Event.annotation, note('launchedAt', launch.site));
        if (cause !== null) {
          event.message(Event.annotation, note('madeReadyBy', nameOf(cause)));
          // A flow has the number of the record that it starts from.
          event.fixed64(Event.flow, 1 + cause.number);
        }
        event.fixed64(Event.flow, 1 + record.number);
        const on = launch.kind === 'inner' ? inner.place(record, start, end) : lane;
        slice(on, start, end, event);
      },
      waited(reason, operation, from, to) {
        const event = new Message()
          .text(Event.category, 'wait')
          .text(Event.name, `waits: ${reason}`)
          .message(Event.annotation, note('operation', operation));
        slice(workers + 2, from, to, event);
      },
    });
    file.close();
    return records;
  } catch (error) {
    file.abandon();
    throw error;
  }
}
