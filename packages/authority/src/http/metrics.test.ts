import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestAuthority } from '../../test/running-authority.ts';
import { Metrics, type RunningMetrics, serveAuthority, serveMetrics } from '../index.ts';

let authority: TestAuthority;
const metrics = new Metrics();
let running: RunningMetrics;

beforeAll(async () => {
  authority = await TestAuthority.start();
  running = await serveMetrics(metrics, 0);
});
afterAll(async () => {
  await running.stop();
  await authority.remove();
});

it('counts requests by route and status, and faults by code, and names no job', async () => {
  const onRequest = metrics.observe.bind(metrics);
  const served = await serveAuthority({ authority: await authority.local(), onRequest });
  const job = 'ab'.repeat(16);
  const headers = { Authorization: `Bearer ${authority.ownerToken}` };
  for (const path of ['/v1/health', `/v1/jobs/${job}`]) await fetch(served.url + path, { headers });
  await served.stop();
  const answer = await fetch(running.url);
  expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  const text = await answer.text();
  expect(text).toContain('firmseal_requests_total{method="GET",route="/v1/health",status="200"} 1');
  expect(text).toContain('firmseal_requests_total{method="GET",route="/v1/jobs/:job",status="404"} 1');
  expect(text).toContain('firmseal_faults_total{code="job-unknown"} 1');
  expect(text).toContain('firmseal_request_duration_seconds_count{route="/v1/jobs/:job"} 1');
  expect(text).toContain('nodejs_eventloop_lag_seconds');
  expect(text).not.toContain(job);
});

it('tells how many jobs have few units left, and a store that is away takes nothing else along', async () => {
  const shown = async () =>
    /^firmseal_jobs_few_units (\S+)$/m.exec(await (await fetch(running.url)).text())?.[1];
  let count = async () => 3;
  metrics.watchJobs(() => count());
  expect(await shown()).toBe('3');
  count = () => Promise.reject(new Error('away'));
  expect(await shown()).toBe('Nan');
});

it('answers nothing else, and only on the loopback address', async () => {
  expect(running.url).toMatch(/^http:\/\/127\.0\.0\.1:/);
  expect((await fetch(running.url.replace('/metrics', '/v1/jobs'))).status).toBe(404);
  expect((await fetch(running.url, { method: 'POST' })).status).toBe(404);
});

it('a port that is taken is a fault', async () => {
  const { port } = new URL(running.url);
  await expect(serveMetrics(metrics, Number(port))).rejects.toMatchObject({ code: 'port-unavailable' });
});
