import type { IncomingHttpHeaders } from 'node:http';
import type { Verify } from './signature.ts';

/** What the forge sent, and signed. */
export interface Delivery {
  /** The same when somebody lets the forge deliver it again. */
  readonly id: string;
  /** The name of the event: `push`. */
  readonly name: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Why a request is not taken. The reason is shown to whoever sent it, and quotes nothing of what was sent. */
export interface Refusal {
  readonly status: 400 | 401 | 415;
  readonly reason: string;
}

const SIGNATURE = /^sha256=[0-9a-f]{64}$/;
/** Ids are GUIDs on github.com; other servers may count. */
const ID = /^[\w-]{1,64}$/;
const NAME = /^[a-z\d_]{1,64}$/;

/** What can be said against a request before its body is read. */
export function refusalOf(headers: IncomingHttpHeaders): Refusal | undefined {
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') return { status: 415, reason: 'the content type is not application/json' };
  if ((headers['content-encoding'] ?? 'identity') !== 'identity')
    return { status: 415, reason: 'the body is compressed' };
  const signature = headers['x-hub-signature-256'];
  if (signature === undefined) return { status: 401, reason: 'the signature is missing' };
  return SIGNATURE.test(String(signature)) ? undefined : { status: 401, reason: 'the signature is wrong' };
}

/** A delivery from a request's headers and body. Nothing of the body is looked at before its signature is right. */
export async function deliveryOf(
  headers: IncomingHttpHeaders,
  body: Buffer,
  verify: Verify,
): Promise<Delivery | Refusal> {
  const text = body.toString('utf8');
  if (text === '' || !(await verify(text, String(headers['x-hub-signature-256']))))
    return { status: 401, reason: 'the signature is wrong' };
  const id = headers['x-github-delivery'];
  if (typeof id !== 'string' || !ID.test(id)) return { status: 400, reason: 'X-GitHub-Delivery is missing or no id' };
  const name = headers['x-github-event'];
  if (typeof name !== 'string' || !NAME.test(name))
    return { status: 400, reason: 'X-GitHub-Event is missing or no name' };
  const payload = jsonObject(text);
  return payload ? { id, name, payload } : { status: 400, reason: 'the body is no JSON object' };
}

function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
