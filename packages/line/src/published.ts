// What a line publishes to a broker or a web address, and under which topic. docs/line-events.md is its page.

import type { LineEvent } from './events.ts';

export interface PublishedEvent {
  /** Below the topic of the line: `sockets/A1/result`. */
  readonly topic: string;
  /** Whether it is a state that whoever comes later wants to know. */
  readonly retain: boolean;
  /** JSON. */
  readonly body: string;
}

/** Names of IPC-CFX (IPC-2591) for what they name too. */
function cfxName(event: LineEvent): string | undefined {
  if (event.kind === 'line-cycle') return 'CFX.Production.WorkCompleted';
  if (event.kind === 'line-alarm')
    return `CFX.ResourcePerformance.${event.raised ? 'FaultOccurred' : 'FaultCleared'}`;
  if (event.kind !== 'line-socket') return undefined;
  return event.state === 'installing'
    ? 'CFX.Production.WorkStarted'
    : 'CFX.ResourcePerformance.StationStateChanged';
}

/** JSON that says whether the line runs; the broker itself says `false` when the line breaks off. */
export const onlineBody = (line: string, online: boolean): string =>
  JSON.stringify({ line, cfx: `CFX.ResourcePerformance.Station${online ? 'Online' : 'Offline'}`, online });

/** Undefined for the steps of an install, which nobody outside waits for. */
export function publishedEvent(line: string, event: LineEvent): PublishedEvent | undefined {
  if (event.kind === 'line-install' || event.kind === 'line-personalize') return undefined;
  const name = cfxName(event);
  const head = { line, ...(name === undefined ? {} : { cfx: name }) };
  const { kind, ...fields } = event;
  const body = JSON.stringify({ ...head, event: kind, ...fields });
  if (event.kind === 'line-cycle') return { topic: `sockets/${event.name}/result`, retain: false, body };
  if (event.kind === 'line-socket') return { topic: `sockets/${event.name}/state`, retain: true, body };
  if (event.kind === 'line-alarm') return { topic: 'alarms', retain: false, body };
  return { topic: 'counts', retain: true, body };
}
