/**
 * The commands that speak to forges. A bundle of its own, loaded on demand: what they need is large, and `apply` does not need it. Each
 * is loaded by itself, because a process of its own that answers questions about a repository is started for each, and needs none.
 */
export const botCommand: typeof import('./cli/bot.ts').botCommand = async (...call) =>
  (await import('./cli/bot.ts')).botCommand(...call);
export const campaignCommand: typeof import('./cli/campaign.ts').campaignCommand = async (...call) =>
  (await import('./cli/campaign.ts')).campaignCommand(...call);
export const prCommand: typeof import('./cli/pr.ts').prCommand = async (...call) =>
  (await import('./cli/pr.ts')).prCommand(...call);
export const workerCommand: typeof import('./cli/worker.ts').workerCommand = async (...call) =>
  (await import('./cli/worker.ts')).workerCommand(...call);
export { answerInspection } from './bot/inspector.ts';
export { answerTask } from './pull-request/isolated.ts';
