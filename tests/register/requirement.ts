/** RFC 2119 keywords as the documents print them. */
export type Keyword = 'SHALL' | 'SHALL NOT' | 'MUST' | 'MUST NOT' | 'SHOULD' | 'SHOULD NOT' | 'MAY';

/** One obligation of one document, quoted, that a system under test can be held to. */
export interface Requirement {
  readonly id: string;
  readonly section: string;
  readonly keyword: Keyword;
  /** The obligation in the document's own words, cut to its core. */
  readonly text: string;
  /** How it is decided; absent: by cases. */
  readonly decidedBy?: 'evidence' | 'attestation' | 'excluded';
  /** Whether somebody's word can decide it in place of evidence; those decided by attestation need not say so. */
  readonly attestable?: true;
  /** Why it is not decided by cases, or how the clause is read. */
  readonly because?: string;
  /** Clauses of other documents that say the same: their cases decide this one too. */
  readonly restates?: readonly string[];
  /** Cases of those that it does not share, by id: they speak of what stands in the other text alone. */
  readonly save?: readonly string[];
  /** The editions that have this clause; absent: all. */
  readonly editions?: readonly string[];
}

/** A specification, with the editions of it that a subject can be held to. */
export interface Document {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  /** Absent: the document has one text, whichever edition of the security page is chosen. */
  readonly editions?: readonly string[];
  readonly requirements: readonly Requirement[];
}
