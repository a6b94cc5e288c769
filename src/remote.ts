/**
 * The commands that speak to forges. A bundle of its own, loaded on demand: what they need is large, and `apply` does not need it. Each
 * is loaded by itself, because the process that works out repairs (`answerTask`) is started anew for each repository and needs none.
 */
export const campaignCommand: typeof import('./cli/campaign.ts').campaignCommand = async (...call) =>
  (await import('./cli/campaign.ts')).campaignCommand(...call);
export const prCommand: typeof import('./cli/pr.ts').prCommand = async (...call) =>
  (await import('./cli/pr.ts')).prCommand(...call);
export const workerCommand: typeof import('./cli/worker.ts').workerCommand = async (...call) =>
  (await import('./cli/worker.ts')).workerCommand(...call);
export { answerTask } from './pull-request/isolated.ts';
