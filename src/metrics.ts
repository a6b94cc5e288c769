import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What a process counts. Labels are words of ours: none holds what came from outside. */
export interface Metrics {
  readonly delivery: (event: string, outcome: string) => void;
  readonly job: (kind: string, end: string, seconds: number) => void;
  /** In the text format of Prometheus. */
  readonly text: () => Promise<{ readonly type: string; readonly text: string }>;
}

/** Jobs in the queue, asked for when somebody reads the metrics; rejects when the queue cannot be reached. */
export type QueueCounts = () => Promise<{
  readonly waiting: number;
  readonly active: number;
  readonly failed: number;
}>;

/** Seconds: a check takes one or two, a large repository a minute. */
const BUCKETS = [0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

export function metricsOf(counts: QueueCounts): Metrics {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register, prefix: 'dockfix_' });
  const deliveries = new Counter({
    name: 'dockfix_deliveries_total',
    help: 'Requests to /webhooks by event and by what became of them',
    labelNames: ['event', 'outcome'],
    registers,
  });
  const jobs = new Counter({
    name: 'dockfix_jobs_total',
    help: 'Tries at jobs that ended in this process',
    labelNames: ['kind', 'end'],
    registers,
  });
  const durations = new Histogram({
    name: 'dockfix_job_duration_seconds',
    help: 'How long tries at jobs took in this process',
    labelNames: ['kind'],
    buckets: BUCKETS,
    registers,
  });
  new Gauge({
    name: 'dockfix_queue_jobs',
    help: 'Jobs in the queue; NaN when it cannot be reached',
    labelNames: ['state'],
    registers,
    async collect() {
      const now = await counts().catch(() => ({ waiting: Number.NaN, active: Number.NaN, failed: Number.NaN }));
      for (const [state, amount] of Object.entries(now)) this.set({ state }, amount);
    },
  });
  return {
    delivery: (event, outcome) => deliveries.inc({ event, outcome }),
    job: (kind, end, seconds) => {
      jobs.inc({ kind, end });
      durations.observe({ kind }, seconds);
    },
    text: async () => ({ type: register.contentType, text: await register.metrics() }),
  };
}
