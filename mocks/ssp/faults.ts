/** What the SSP does wrong on demand, to one request after another. */
export type Fault = FaultScope &
  (
    | { readonly kind: 'delay'; readonly ms: number }
    /** The connection to the consumer is cut after so many bytes of the answer's body. */
    | { readonly kind: 'cut'; readonly after: number }
    | { readonly kind: 'status'; readonly status: 429 | 503 }
    /** A header is lost on the way to the provider or back. */
    | { readonly kind: 'drop-header'; readonly header: string; readonly of: 'request' | 'response' }
  );

interface FaultScope {
  /** How many requests it meets; then it is over. */
  readonly times: number;
  /** Only requests of this interaction. */
  readonly interaction?: string;
}

/** The faults in force. */
export interface Faults {
  readonly set: (faults: readonly Fault[]) => void;
  readonly list: () => readonly Fault[];
  /** The faults that one request meets; each is counted down. */
  readonly take: (interaction: string) => readonly Fault[];
}

export function createFaults(): Faults {
  let active: readonly Fault[] = [];
  const meets = ({ interaction }: Fault, wanted: string): boolean =>
    interaction === undefined || interaction === wanted;
  return {
    set: (faults) => {
      active = faults;
    },
    list: () => active,
    take: (interaction) => {
      if (active.length === 0) return active;
      const met = active.filter((fault) => meets(fault, interaction));
      active = active
        .map((fault) => (met.includes(fault) ? { ...fault, times: fault.times - 1 } : fault))
        .filter(({ times }) => times > 0);
      return met;
    },
  };
}

/** The body of `PUT /faults`, as JSON Schema. */
export const faultsSchema = {
  type: 'array',
  maxItems: 20,
  items: {
    type: 'object',
    required: ['kind'],
    additionalProperties: false,
    properties: {
      kind: { enum: ['delay', 'cut', 'status', 'drop-header'] },
      times: { type: 'integer', minimum: 1, maximum: 100_000, default: 1 },
      interaction: { type: 'string', minLength: 1, maxLength: 200 },
      ms: { type: 'integer', minimum: 1, maximum: 120_000 },
      after: { type: 'integer', minimum: 0, maximum: 1_000_000_000 },
      status: { enum: [429, 503] },
      header: { type: 'string', pattern: '^[A-Za-z0-9-]{1,64}$' },
      of: { enum: ['request', 'response'], default: 'request' },
    },
    allOf: [
      { if: { properties: { kind: { const: 'delay' } } }, then: { required: ['ms'] } },
      { if: { properties: { kind: { const: 'cut' } } }, then: { required: ['after'] } },
      { if: { properties: { kind: { const: 'status' } } }, then: { required: ['status'] } },
      { if: { properties: { kind: { const: 'drop-header' } } }, then: { required: ['header'] } },
    ],
  },
} as const;
