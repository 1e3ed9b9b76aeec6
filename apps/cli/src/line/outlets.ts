// Where the events of a line go besides this station: an MQTT broker, a web address. An outlet that cannot be
// reached is an alarm and stops nothing.

import { setTimeout as sleep } from 'node:timers/promises';
import { utf8 } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import { systemReason } from '@firmseal/files';
import { type LineEvent, type LineFile, onlineBody, publishedEvent } from '@firmseal/line';
import { MqttPublisher } from '@firmseal/mqtt-adapter';
import { readInput, readText } from '../files.ts';

export interface Outlet {
  take(event: LineEvent): void;
  /** Waits a little for what has not arrived. */
  close(): Promise<void>;
}

/** Told that an outlet cannot be reached, and that it can be again. */
type Alarm = (fault: Fault, raised: boolean) => void;

const mostWaiting = 10_000;

/** Turns reasons into one alarm that is raised and cleared. */
function alarmOf(target: string, alarm: Alarm): (reason: string | undefined) => void {
  let open: Fault | undefined;
  return (reason) => {
    if (reason !== undefined && open === undefined) {
      open = new Fault('line-publish-failed', { target, reason, most: mostWaiting });
      alarm(open, true);
    } else if (reason === undefined && open !== undefined) {
      alarm(open, false);
      open = undefined;
    }
  };
}

/** Throws what reading the files of the broker throws. */
export function openOutlets(file: LineFile, alarm: Alarm): Outlet[] {
  const { name, mqtt, webhook } = file;
  return [
    ...(mqtt === undefined ? [] : [openBroker(name, mqtt, alarm)]),
    ...(webhook === undefined ? [] : [new Webhook(name, webhook.url, alarm)]),
  ];
}

function openBroker(line: string, mqtt: NonNullable<LineFile['mqtt']>, alarm: Alarm): Outlet {
  const { protocol, hostname, port } = new URL(mqtt.url);
  const isSecure = protocol === 'mqtts:';
  const { ca, certificate, key, passwordFile, user } = mqtt;
  const topic = (below: string) => `${mqtt.topic}/${below}`;
  const online = (value: boolean) => ({
    ...{ topic: topic('online'), retain: true },
    payload: utf8(onlineBody(line, value)),
  });
  const publisher = new MqttPublisher({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (isSecure ? 8883 : 1883) : Number(port),
    clientId: `firmseal-${line}`,
    ...(isSecure
      ? {
          tls: {
            ...(ca === undefined ? {} : { ca: readInput(ca) }),
            ...(certificate === undefined ? {} : { certificate: readInput(certificate) }),
            ...(key === undefined ? {} : { key: readInput(key) }),
          },
        }
      : {}),
    user,
    password: passwordFile === undefined ? undefined : utf8(readText(passwordFile).split(/\r?\n/)[0]!),
    will: online(false),
    mostWaiting,
    onFault: alarmOf(mqtt.url, alarm),
  });
  publisher.publish(online(true));
  return {
    take(event) {
      const published = publishedEvent(line, event);
      if (published === undefined) return;
      publisher.publish({
        ...{ topic: topic(published.topic), retain: published.retain, payload: utf8(published.body) },
      });
    },
    close() {
      publisher.publish(online(false));
      return publisher.close();
    },
  };
}

const postLimitMs = 10_000;
const pauseMs = 5000;
const closeLimitMs = 3000;

/** Results and alarms, one POST each, in order; the next waits until the one before was taken. */
class Webhook implements Outlet {
  readonly #line: string;
  readonly #url: string;
  readonly #tell: (reason: string | undefined) => void;
  readonly #waiting: string[] = [];
  #busy: Promise<void> | undefined;
  readonly #closed = new AbortController();

  constructor(line: string, url: string, alarm: Alarm) {
    this.#line = line;
    this.#url = url;
    this.#tell = alarmOf(url, alarm);
  }

  take(event: LineEvent): void {
    if (event.kind !== 'line-cycle' && event.kind !== 'line-alarm') return;
    this.#waiting.push(publishedEvent(this.#line, event)!.body);
    if (this.#waiting.length > mostWaiting) this.#waiting.shift();
    this.#busy ??= this.#postAll();
  }

  async close(): Promise<void> {
    const limit = setTimeout(() => this.#closed.abort(), closeLimitMs);
    await this.#busy;
    clearTimeout(limit);
  }

  async #postAll(): Promise<void> {
    for (;;) {
      const [body] = this.#waiting;
      if (body === undefined) break;
      const reason = await this.#post(body);
      if (reason === undefined) this.#waiting.shift();
      if (this.#closed.signal.aborted) break;
      this.#tell(reason);
      if (reason !== undefined) await sleep(pauseMs, undefined, this.#closed).catch(() => undefined);
    }
    this.#busy = undefined;
  }

  /** Why it was not taken. */
  async #post(body: string): Promise<string | undefined> {
    try {
      const answer = await fetch(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        redirect: 'error',
        signal: AbortSignal.any([AbortSignal.timeout(postLimitMs), this.#closed.signal]),
      });
      await answer.body?.cancel();
      return answer.ok ? undefined : `it answered with status ${answer.status}`;
    } catch (error) {
      const { cause } = error as { cause?: unknown };
      return systemReason(cause ?? error);
    }
  }
}
