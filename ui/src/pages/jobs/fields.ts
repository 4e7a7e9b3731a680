/** The id of the control for a field of a job, as the engine names it: `limits.warn_after`. */
export function fieldId(field: string): string {
  return `field-${field.replaceAll(/[^\w]/g, '-')}`;
}
