import { imageFamily } from '../../src/model/image/base-image.ts';
import type { ServiceView } from '../../src/model/stack.ts';
import { hasHealthcheck, healthcheckLines, isDisabled } from '../../src/model/store/health.ts';
import { type Store, storeOf } from '../../src/model/store.ts';

/** The store that a service is: by its image, or by the image that its Dockerfile adds files to. */
export function storeBehind(view: ServiceView): Store | undefined {
  const base = view.image?.base;
  if (view.store || base === undefined || !view.service.build || imageFamily(base) === '') return view.store;
  const image = { text: base, at: view.service.at, unknown: false };
  const found = storeOf({ ...view.service, build: undefined, image });
  return found && !view.service.parts.has('command') ? found : undefined;
}

/** How a service tells that it is healthy. */
export function healthOf(view: ServiceView): 'yes' | 'no' | 'unknown' {
  const instructions = view.image?.layers.map(({ instruction, dockerfile }) =>
    dockerfile.text.slice(instruction.at.start, instruction.at.end),
  );
  return hasHealthcheck(view.service, instructions, view.store);
}

/** Whether others can wait until a store answers: it has a check, or can get one. One that is switched off stays off. */
export function canBeWaitedFor(view: ServiceView, store: Store): boolean {
  const health = healthOf(view);
  return health === 'yes' || (health === 'no' && !isDisabled(view.service) && healthcheckLines(store) !== undefined);
}
