import { isState, type ServiceResult, type SideResult, type Verification } from '../../verify/verdict.ts';
import { isRecord } from '../record.ts';

/** Reads what `dockfix verify --format json` wrote; else why it is none. */
export function readVerification(text: string): Verification | { readonly why: string } {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return { why: 'it is no JSON' };
    throw error;
  }
  if (!isRecord(document) || document['schemaVersion'] !== 1) return { why: 'its schemaVersion is not 1' };
  const after = sideIn(document['after']);
  if (!after) return { why: 'it has no "after"' };
  if (document['before'] === undefined) return { after };
  const before = sideIn(document['before']);
  return before ? { before, after } : { why: 'its "before" is no side of a verification' };
}

function sideIn(value: unknown): SideResult | undefined {
  if (!isRecord(value) || !Array.isArray(value['services']) || !Array.isArray(value['notes'])) return undefined;
  const services = (value['services'] as readonly unknown[]).map(serviceIn);
  const { stopped, seconds } = value;
  if (services.some((service) => service === undefined) || typeof seconds !== 'number') return undefined;
  return {
    services: services.flatMap((service) => service ?? []),
    ...(typeof stopped === 'string' && { stopped }),
    notes: (value['notes'] as readonly unknown[]).filter((note) => typeof note === 'string'),
    seconds,
  };
}

function serviceIn(value: unknown): ServiceResult | undefined {
  if (!isRecord(value)) return undefined;
  const { name, state, reason, exitCode, restarts, secondsToHealthy, imageBytes, installCached } = value;
  if (typeof name !== 'string' || typeof state !== 'string' || !isState(state)) return undefined;
  return {
    name,
    state,
    ...(typeof reason === 'string' && { reason }),
    ...(typeof exitCode === 'number' && { exitCode }),
    ...(typeof restarts === 'number' && { restarts }),
    ...(typeof secondsToHealthy === 'number' && { secondsToHealthy }),
    ...(typeof imageBytes === 'number' && { imageBytes }),
    ...(typeof installCached === 'boolean' && { installCached }),
  };
}
