import type { Backend, JobView, LimitsSpec, LimitsSuggestion, TypeView } from '../backend/types';

/** Takes back what was done. */
export type Undo = () => Promise<void>;

function pick({ warn_after, stall_after }: LimitsSuggestion): LimitsSpec {
  return { warn_after, stall_after };
}

/** Brings a type back to what the configuration said of it. */
export async function putBack(backend: Backend, type: TypeView): Promise<void> {
  const isAsItCame = Object.keys(type.overrides).length === 0 && type.max_running === null && type.built_in;
  await (isAsItCame ? backend.deleteType(type.name) : backend.setType(type.name, type.overrides));
}

/** Gives a type the suggested limits. */
export async function applyToType(
  backend: Backend,
  type: TypeView,
  suggestion: LimitsSuggestion,
): Promise<Undo> {
  await backend.setType(type.name, { ...type.overrides, ...pick(suggestion) });
  return () => putBack(backend, type);
}

/** Gives some jobs the suggested limits: all of them, or none. */
export async function applyToJobs(
  backend: Backend,
  jobs: readonly JobView[],
  suggestion: LimitsSuggestion,
): Promise<Undo> {
  const done: JobView[] = [];
  const undo = async (): Promise<void> => {
    for (const { spec } of done) await backend.replaceJob(spec.name, spec);
  };
  try {
    for (const job of jobs) {
      const limits = { ...job.spec.limits, ...pick(suggestion) };
      await backend.replaceJob(job.spec.name, { ...job.spec, limits });
      done.push(job);
    }
  } catch (thrown) {
    await undo();
    throw thrown;
  }
  return undo;
}
