import { Webhooks } from '@octokit/webhooks';

/** Whether a text has this signature, compared in constant time. */
export type Verify = (text: string, signature: string) => Promise<boolean>;

/** Checks signatures as GitHub makes them: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries */
export function signatureCheck(secret: string): Verify {
  const webhooks = new Webhooks({ secret });
  return (text, signature) => webhooks.verify(text, signature);
}
