/** The commands that speak to forges. A bundle of its own, loaded on demand: what they need is large, and `apply` does not need it. */
export { answerInspection } from './bot/inspector.ts';
export { botCommand } from './cli/bot.ts';
export { campaignCommand } from './cli/campaign.ts';
export { prCommand } from './cli/pr.ts';
export { workerCommand } from './cli/worker.ts';
export { answerTask } from './pull-request/isolated.ts';
