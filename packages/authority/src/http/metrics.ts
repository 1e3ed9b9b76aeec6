// Figures of a running authority for Prometheus, on a port of their own: whoever reads them holds no token
// and reaches no call. Labels are routes, statuses and fault codes; none names a job, a chip or a customer.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Fault } from '@firmseal/fault';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { RequestEvent } from './gate.ts';

export class Metrics {
  readonly registry = new Registry();
  readonly #requests = new Counter({
    name: 'firmseal_requests_total',
    help: 'Answered requests.',
    labelNames: ['method', 'route', 'status'],
    registers: [this.registry],
  });
  readonly #faults = new Counter({
    name: 'firmseal_faults_total',
    help: 'Requests that ended in a fault, by its code.',
    labelNames: ['code'],
    registers: [this.registry],
  });
  readonly #durations = new Histogram({
    name: 'firmseal_request_duration_seconds',
    help: 'Time from the first byte of a request to its answer.',
    labelNames: ['route'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [this.registry],
  });

  /** Approved jobs with few units left; asked for with each scrape. */
  watchJobs(countFewJobs: () => Promise<number>): void {
    new Gauge({
      name: 'firmseal_jobs_few_units',
      help: 'Approved jobs with few units left.',
      registers: [this.registry],
      async collect() {
        // A store that does not answer is no reason to show nothing else.
        this.set(await countFewJobs().catch(() => Number.NaN));
      },
    });
  }

  constructor() {
    // Event loop, memory, CPU time, open files.
    collectDefaultMetrics({ register: this.registry });
  }

  observe({ method, route, status, durationMs, fault }: RequestEvent): void {
    this.#requests.inc({ method, route, status });
    this.#durations.observe({ route }, durationMs / 1000);
    if (fault !== undefined) this.#faults.inc({ code: fault.code });
  }
}

export interface RunningMetrics {
  readonly url: string;
  stop(): Promise<void>;
}

/** Serves `GET /metrics` on the loopback port; 0 lets the system choose. Throws `port-unavailable`. */
export async function serveMetrics({ registry }: Metrics, port: number): Promise<RunningMetrics> {
  const server = createServer(async ({ method, url }, response) => {
    if (method !== 'GET' || url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': registry.contentType }).end(await registry.metrics());
  });
  const address = await new Promise<AddressInfo>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(new Fault('port-unavailable', { port, reason: cause.code ?? 'unknown' }, { cause })),
    );
    server.listen(port, '127.0.0.1', () => resolve(server.address() as AddressInfo));
  });
  return {
    url: `http://127.0.0.1:${address.port}/metrics`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
