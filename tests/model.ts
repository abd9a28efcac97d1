import type { CredentialName } from '../certs/index.ts';
import type { RevocableName } from '../certs/revocable.ts';
import type { DefectName } from '../mocks/cis2/defects.ts';
import type { AttackName } from '../mocks/ssp/attacks.ts';
import type { RawEdits } from '../mocks/ssp/edits.ts';
import type { Capability, DataField, Disableable, Interaction } from '../mocks/ssp/interactions.ts';
import type { RoundName } from '../mocks/ssp/rounds.ts';
import type { UnsecuredToken } from '../mocks/ssp/token.ts';
import type { DocumentId, RequirementId } from './register/index.ts';

/** The TLS versions that a whole exchange can be held in; older ones are only ever offered by a bare hello. */
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

/** A protocol version as a ClientHello offers it. */
export type OfferedVersion = 'SSLv2' | 'SSLv3' | 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

/** A bare ClientHello. Without suites: a broad list that suits the version. */
export interface Offer {
  readonly version: OfferedVersion;
  /** Cipher suite code points, in the order offered. */
  readonly suites?: readonly number[];
  /** Whether DEFLATE (RFC 3749) is offered beside no compression. */
  readonly compression?: true;
  /** For an enumeration: no more is asked than whether of each of these groups one suite is accepted. */
  readonly covering?: readonly (readonly number[])[];
  /** For an enumeration: which suites are accepted is asked, and not in whose order. */
  readonly unordered?: true;
}

/** Everything that the harness says to the subject in one conversation. Plain data. */
export interface Exchange {
  /** Absent: the request goes out in clear on the same port. */
  readonly tls?: {
    /** What the SSP presents; absent: no client certificate. */
    readonly certificate?: CredentialName | RevocableName;
    /** The one version offered; absent: the one that the run settled on. */
    readonly version?: TlsVersion;
    /** The server's certificate is not verified: it is what the case looks at. */
    readonly unverified?: true;
  };
  readonly http: {
    readonly method: string;
    /** Path of the service root, where it is another than the subject's own; `{name}`: of the URL in `data`. */
    readonly root?: string;
    /** From the service root; `{name}` stands for a value of `data`, percent-encoded. */
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    /** Text; `{name}` within a JSON string stands for a value of `data`. */
    readonly body?: string;
  };
  /** Test data of the subject that path, headers, body and claims speak of, by name. */
  readonly data?: Readonly<Record<string, string>>;
  /**
   * An appointment is booked by it, or booked before it; either way the run cancels it at once. `taken`: it books the
   * slot of one that the run booked just before.
   */
  readonly books?: 'new' | 'before' | 'taken';
  /**
   * A patient is registered by it, once a run; `again`: it registers that patient a second time; `before`: it tries to
   * before that, under a scope that must not let it.
   */
  readonly registers?: 'once' | 'again' | 'before';
  /** `edge`: its `exp` is as near to an edge as it can be told, and its `iat` as long before as ever. */
  readonly token?: UnsecuredToken & { readonly edge?: 'exp-past' };
  /** A CIS2 ID token, minted for each exchange by the issuer that the subject trusts. */
  readonly identity?: IdentityToken;
  /** One named edit of the wire form, for what a merge patch cannot say. */
  readonly raw?: RawEdits;
  /** The one way round the client certificate that is tried. */
  readonly round?: RoundName;
  /** The one hostile thing that is done to the request. */
  readonly attack?: AttackName;
  /** When present, this is done with the request and its connection instead of one exchange. */
  readonly probe?: Probe;
  /** When present, only this ClientHello is sent and one flight is read. */
  readonly hello?: Offer;
}

/** What takes more than one request over one fresh connection. */
export type Probe =
  /** The request goes to the declared plain-HTTP port. */
  | 'plain-port'
  /** The client asks for a second handshake within the connection. */
  | 'renegotiation'
  /** The connection presents the TLS session of one that was let in. */
  | 'resumption'
  /** The request goes out while other connections of ours are held half said. */
  | 'beside-idle'
  | 'beside-slow-headers'
  | 'beside-slow-body'
  /** The server's certificate is read, whatever is wrong with it. */
  | 'server-certificate'
  | Survey;

/** What looks at more of a subject than one exchange shows; each goes by a field of the subject file. */
export type Survey =
  /** Which TCP ports of its host are open, and whether the approved ones speak TLS. */
  | 'ports'
  /** Which TLS versions its transfer endpoint takes. */
  | 'transfer'
  /** How long the valid exchange takes, and at the twin without controls. */
  | 'latency'
  /** What each role is served. */
  | 'roles'
  /** What each of two tenants is served of its own and of the other. */
  | 'tenants';

/** What is looked at in the certificate that a server shows. */
export type ServerCertificateAspect =
  'chain' | 'name' | 'days-left' | 'key-size' | 'signature' | 'fingerprint';

/** One certificate of those that a server sends. */
export interface ServerCertificate {
  readonly subject: string;
  readonly issuer: string;
  /** Its end, ISO 8601. */
  readonly until: string;
  /** `RSA`, or a curve by its name; bits of the modulus or of the field. */
  readonly key: { readonly kind: string; readonly bits: number };
  /** `SHA-256 with RSA`; the object identifier where it has no name here. */
  readonly signature: string;
  readonly selfSigned: boolean;
}

/** What an ID token is to be. */
export interface IdentityToken {
  /** The one thing that is wrong with it; absent: nothing is. */
  readonly defect?: DefectName;
  /** It is a good one, of another environment: of `otherIssuer` in the subject file. */
  readonly elsewhere?: true;
  /** Id of the issuer's user whom it is about; absent: the first. */
  readonly user?: string;
  /** It is a good one, but for a moment that is as near to the edge as it can be told. */
  readonly edge?: EdgeName;
}

/** Moments in a token, just within or just beyond what is allowed for clocks. */
export type EdgeName = 'exp-past' | 'exp-ahead' | 'nbf-past' | 'nbf-ahead' | 'iat-ahead';

/** A JSON Merge Patch (RFC 7396): a member replaces, `null` removes, the rest stands. */
export type Change<T> = {
  readonly [K in keyof T]?: NonNullable<T[K]> extends readonly unknown[]
    ? T[K] | null
    : NonNullable<T[K]> extends object
      ? Change<NonNullable<T[K]>> | null
      : T[K] | null;
};

/** What was agreed in a TLS handshake, as the client saw it. */
export interface Handshake {
  readonly version: string;
  readonly suite: string;
  readonly resumed: boolean;
  /** SHA-256 of the certificate that the server showed, in hex with colons: which of several hops answered. */
  readonly server?: string;
}

/** The ephemeral key exchange that a server chose: size of the prime in bits, or the curve by its name. */
export type KeyExchange =
  { readonly kind: 'DHE'; readonly bits: number } | { readonly kind: 'ECDHE'; readonly group: string };

/** What the subject did, in a closed vocabulary, redacted. Only `nothing` is no evidence at all. */
export type Observation =
  /** Nothing of the peer: no connection, silence, or a failure of our own. */
  | { readonly kind: 'nothing'; readonly reason: string }
  /** A fatal TLS alert (RFC 5246 §7.2, RFC 8446 §6) before any application data. */
  | { readonly kind: 'alert'; readonly alert: number; readonly name: string }
  /** FIN or RST with no byte of application data. */
  | {
      readonly kind: 'closed';
      readonly how: 'fin' | 'reset';
      readonly during: 'connect' | 'handshake' | 'exchange';
    }
  | {
      readonly kind: 'response';
      readonly status: number;
      readonly headers: readonly (readonly [name: string, value: string])[];
      /** The body as text, cut to what a judgement needs. */
      readonly body: string;
      /** Length of the whole body in bytes, as far as it was read. */
      readonly bytes: number;
      /** `resourceType` of the whole body where it is JSON, the root element where it is FHIR's XML. */
      readonly resourceType?: string;
      readonly handshake?: Handshake;
    }
  /** Bytes that are no HTTP answer, or an answer cut short. */
  | { readonly kind: 'broken'; readonly what: string }
  /** A ServerHello for a bare ClientHello. */
  | {
      readonly kind: 'server-hello';
      readonly version: string;
      readonly suite: string;
      /** The offer to compress was taken up. */
      readonly compressed?: true;
      /** Whether `renegotiation_info` was sent (RFC 5746); TLS 1.0 to 1.2. */
      readonly secureRenegotiation?: boolean;
      readonly keyExchange?: KeyExchange;
    }
  /** A ServerHello of another version than the one offered. */
  | {
      readonly kind: 'downgrade';
      readonly offered: string;
      readonly version: string;
      readonly suite: string;
    }
  /** The suites accepted of those offered, found by elimination, in the order that the server picked them. */
  | {
      readonly kind: 'suites';
      readonly accepted: readonly string[];
      /** Whose order of preference rules; `untold` where one hello could not hold the offer. */
      readonly order: 'server' | 'client' | 'single' | 'untold';
      /** Key exchange of the accepted suites, where ServerKeyExchange showed one. */
      readonly keyExchanges?: readonly (KeyExchange & { readonly suite: string })[];
      /** How the offer was refused, where nothing of it is accepted. */
      readonly refusal?: string;
    }
  /** What came of a renegotiation that the client started. */
  | { readonly kind: 'renegotiation'; readonly taken: boolean; readonly how: string }
  /** What a server shows of itself. */
  | {
      readonly kind: 'certificate';
      /** The leaf first. */
      readonly chain: readonly ServerCertificate[];
      /** Why no path leads to the expected anchor, as OpenSSL calls it; absent: one does. */
      readonly untrusted?: string;
      /** The name by which it is reached, and whether the leaf has it. */
      readonly name: string;
      readonly named: boolean;
      /** Whole days until the first of the chain ends; negative: it has. */
      readonly daysLeft: number;
      /** SHA-256 of the leaf in hexadecimal, and the one that the subject file names; absent: it names none. */
      readonly fingerprint?: { readonly shown: string; readonly expected: string };
    }
  /** The TCP ports of the subject's host that are open, of those looked at. */
  | { readonly kind: 'ports'; readonly looked: number; readonly open: readonly OpenPort[] }
  /** The TLS versions that an endpoint takes; where it takes none, what it answered at last. */
  | {
      readonly kind: 'versions';
      readonly accepted: readonly OfferedVersion[];
      readonly refused: readonly OfferedVersion[];
      /** Versions about which that could not be learnt. */
      readonly untold: readonly OfferedVersion[];
      readonly answer: Observation;
    }
  /** Milliseconds that the valid exchange took, a connection each, and at the twin without controls. */
  | {
      readonly kind: 'latency';
      readonly samples: number;
      readonly secured: Quantiles;
      readonly unsecured: Quantiles;
      /** What may be added at p95, as agreed. */
      readonly within: number;
    }
  /** What several clients were served, in their order. */
  | { readonly kind: 'grants'; readonly steps: readonly GrantStep[] }
  /** No observation of the wire: a file that was shown, by its digest. Its bytes stay with their owner. */
  | {
      readonly kind: 'evidence';
      readonly file: string;
      readonly digest: string;
      /** The day on which it was exported or given, `YYYY-MM-DD`. */
      readonly exported: string;
    }
  /** What came of the tokens presented while the issuer's key set changed, in their order. */
  | {
      readonly kind: 'key-set';
      readonly steps: readonly KeyStep[];
      /** Fetches of the key set counted at the issuer, and how many may be. */
      readonly fetches?: { readonly counted: number; readonly atMost: number };
    }
  /** The same stimulus, three times, with different answers. */
  | { readonly kind: 'unsteady'; readonly seen: readonly Observation[] };

/** A port that takes connections. */
export interface OpenPort {
  readonly port: number;
  /** Whether it stands in the approved list, or is the subject's own. */
  readonly approved: boolean;
  /** What it answers a ClientHello with; `declared`: it is the plain-HTTP port of the subject file, looked at elsewhere. */
  readonly speaks: 'tls' | 'clear' | 'nothing' | 'declared';
}

/** Median and 95th percentile, in milliseconds. */
export interface Quantiles {
  readonly median: number;
  readonly p95: number;
}

/** One request of one client, and whether it was to be served. */
export interface GrantStep {
  readonly what: string;
  readonly want: 'served' | 'withheld';
  /** What recognises its answer, where that is not the profile's own payload. */
  readonly payload?: string;
  /** Entries of the answer where it is a Bundle. */
  readonly entries?: number;
  readonly seen: Observation;
}

/** One token presented in the course of a key-set case, and what had to come of it. */
export interface KeyStep {
  readonly what: string;
  /** `not-accepted`: refused or not decided, but answered. */
  readonly want: 'accepted' | 'refused' | 'not-accepted';
  /** What was seen at last: a step is repeated until it is as wanted or its time is over. */
  readonly seen: Observation;
  /** Milliseconds until then. */
  readonly ms: number;
}

/** How a refusal was made, strongest first. A weak one is repeated before it is believed. */
export type Strength = 'alert' | 'application' | 'terminator' | 'closed' | 'reset' | 'other-page';

export interface Verdict {
  readonly outcome: 'pass' | 'fail' | 'inconclusive';
  readonly because: string;
  readonly strength?: Strength;
}

/** What a refusal is about, so that a refusal for something else is told apart. */
export type Rule =
  | 'certificate'
  | 'Ssp-TraceID'
  | 'Ssp-From'
  | 'Ssp-To'
  | 'Ssp-InteractionID'
  | 'request'
  | 'token'
  | 'token.aud'
  | 'token.exp'
  | 'token.scope';

/** One answer to an error that the sources allow. */
export interface ErrorAnswer {
  readonly status: number;
  /** FHIR issue types allowed (`OperationOutcome.issue.code`). */
  readonly issue: readonly string[];
  /** Spine codes allowed; empty: any. */
  readonly codes: readonly string[];
  /** Response header that must stand beside it. */
  readonly header?: string;
  /** What that header says: a regular expression, case-insensitive. */
  readonly says?: string;
  /** Where this answer comes from. */
  readonly source: string;
}

/** A part of an OperationOutcome, and what it may be. */
export type OutcomePart =
  /** The whole fits the published JSON Schema of a FHIR release. */
  | { readonly part: 'schema'; readonly release: 'STU3' | 'R4' }
  /** `meta.profile` names one of these. */
  | { readonly part: 'profile'; readonly anyOf: readonly string[] }
  /** Each `issue.severity` is one of these. */
  | { readonly part: 'severity'; readonly anyOf: readonly string[] }
  /** `issue.details.coding.system` of a code is one of these. */
  | { readonly part: 'system'; readonly anyOf: readonly string[] }
  /** `issue.details.coding.display` is one of the texts of its code; case and a closing full stop do not count. */
  | { readonly part: 'display'; readonly texts: Readonly<Record<string, readonly string[]>> };

/** What must come of a stimulus. Data, so that it prints, hashes and is checked; `judge` gives it its meaning. */
export type Expectation =
  /** The valid exchange is answered with the payload. */
  | { readonly kind: 'accepted' }
  /** Refused in TLS, or over HTTP by a terminator or by the application. `misdirected`: 421 is a refusal too. */
  | { readonly kind: 'refused-connection'; readonly rule: Rule; readonly misdirected?: true }
  /** As `refused-connection`; an acceptance counts only of a subject that was seen to ask after revocation. */
  | { readonly kind: 'refused-once-asked'; readonly rule: Rule }
  /** Refused over HTTP with a client error. `orServerError`: the documents let a failure be 5xx as well. */
  | { readonly kind: 'refused-request'; readonly rule: Rule; readonly orServerError?: true }
  /** A refusal that speaks HTTP carries an error status. */
  | { readonly kind: 'error-status' }
  /** Any one of these answers, the preferred one first, with an OperationOutcome; its form is `outcome-part`'s. */
  | {
      readonly kind: 'outcome';
      readonly rule: Rule;
      readonly answers: readonly [ErrorAnswer, ...ErrorAnswer[]];
      /** Of which FHIR release and rules the OperationOutcome is; absent: GP Connect's, STU3. */
      readonly shape?: 'R4';
    }
  /** One part of the OperationOutcome that an error is told with is as the guidance says. */
  | ({ readonly kind: 'outcome-part' } & OutcomePart)
  /** Whatever response is made carries this directive in `Cache-Control` (RFC 9111 §5.2.2). */
  | {
      readonly kind: 'cache-control';
      readonly directive: string;
      readonly of: 'answer' | 'error' | 'refusal';
    }
  /** The response carries a header field whose value matches (a regular expression, case-insensitive). */
  | {
      readonly kind: 'header';
      readonly name: string;
      readonly pattern: string;
      readonly of: 'answer' | 'error';
    }
  /** What was made is answered with this status. */
  | { readonly kind: 'status'; readonly is: number }
  /** The error gives nothing away: no stack trace, token, key, file path or SQL. */
  | { readonly kind: 'discreet' }
  /** In clear nothing is served: nobody listens, it is closed, refused, or redirected to https. */
  | { readonly kind: 'not-in-clear' }
  /** The certificate that the server shows is sound in one aspect. */
  | { readonly kind: 'server-certificate'; readonly aspect: ServerCertificateAspect }
  /** A renegotiation that the client starts is refused. */
  | { readonly kind: 'no-renegotiation' }
  /** Every token presented while the key set changed came out as it had to. */
  | { readonly kind: 'key-set' }
  /** No port is open but the approved ones; or, of those, each speaks TLS. */
  | { readonly kind: 'ports'; readonly of: 'approved' | 'encrypted' }
  /** An endpoint takes TLS 1.2 or 1.3, and nothing older or in clear. */
  | { readonly kind: 'versions' }
  /** What the controls add at p95 is within what was agreed. */
  | { readonly kind: 'latency' }
  /** Everybody is served what is theirs, and nothing else. */
  | { readonly kind: 'grants'; readonly of: 'roles' | 'tenants' }
  /** The response holds nothing of this kind: a private key, or what identifies a patient. */
  | { readonly kind: 'free-of'; readonly what: 'private-key' | 'patient' }
  /**
   * A hostile request is answered with a client error, or cut off, gives nothing away, makes nobody fetch anything,
   * and leaves the subject answering; `accepts`: it may also be answered as if it were valid.
   */
  | { readonly kind: 'withstood'; readonly accepts?: true }
  /** The valid exchange is answered although other connections keep the subject busy. */
  | { readonly kind: 'answered-beside' }
  /** No ServerHello for this offer. */
  | { readonly kind: 'offer-refused' }
  /** A ServerHello of the version offered, not of an older one. */
  | { readonly kind: 'offer-kept' }
  /** No suite of these is accepted. */
  | { readonly kind: 'suites-refused'; readonly family: string; readonly suites: readonly string[] }
  /** Of two suites accepted the same is picked, in whichever order they are offered. */
  | { readonly kind: 'suites-preferred' }
  /** The group of the key exchange is no weak one: a prime of 2048 bits and more, a curve of 224 and more. */
  | { readonly kind: 'key-exchange'; readonly of: 'DHE' | 'ECDHE' }
  /** What a ServerHello says beside version and suite. */
  | { readonly kind: 'hello-trait'; readonly trait: 'secure-renegotiation' | 'no-compression' }
  /** For each group at least one suite of it is accepted, where the server's key type allows. */
  | { readonly kind: 'suites-supported'; readonly groups: readonly SuiteGroup[] }
  /** No suite of a later group is picked before one of an earlier group. */
  | { readonly kind: 'suites-ordered'; readonly groups: readonly SuiteGroup[] };

/** Cipher suites that a document names together, as IANA names. */
export interface SuiteGroup {
  readonly name: string;
  readonly suites: readonly string[];
}

/** One change to the valid exchange, and what must come of it. */
export interface Case {
  /** Subject matter and name: `client-certificate/expired`. */
  readonly id: string;
  readonly title: string;
  readonly requirements: readonly [RequirementId, ...RequirementId[]];
  readonly stimulus: Change<Exchange>;
  readonly expect: Expectation;
  /** The driver: a whole exchange, one ClientHello, as many as it takes to learn what is accepted, a probe, a survey, or an issuer steered. */
  readonly via: 'exchange' | 'hello' | 'enumeration' | 'probe' | 'survey' | 'key-set';
  /** `noted` binds nobody: it never changes the verdict. */
  readonly bearing?: 'noted';
  /** A second control, where the stimulus differs from the valid exchange in more than its defect: it without that. */
  readonly beside?: Change<Exchange>;
  /** The case is for a subject that learns of revocation in this way; absent: in any. */
  readonly learns?: Learning;
  /** The field of the subject file without which there is nothing to look at. */
  readonly declares?: DeclaredField;
  /** What the subject file has to say for the case to bind: an option, the anchor in `trust`, or the policy in `roles`. */
  readonly onlyIf?: 'enforcesScope' | 'trust' | 'roles';
  /**
   * Names of the interactions that it is driven on, the representative first; absent: on the profile's own valid
   * exchange. On any but the representative its finding is called `case@interaction`. `*` is every other one.
   */
  readonly on?: readonly [string, ...string[]];
  /** It is driven on the profile's own valid exchange and on every interaction that can be read, as `case@interaction`. */
  readonly everywhere?: true;
  /**
   * Seconds from now at which a moment of its token lies: judged only where the subject's clock is known to be on one
   * side of it. Where the stimulus names an edge, that is it.
   */
  readonly edge?: number;
  /** Test data that the stimulus itself speaks of. */
  readonly needs?: readonly DataField[];
  /** Kinds of consent without which it is not driven. */
  readonly consent?: readonly ('write' | 'active' | 'ports')[];
}

/** Fields of a subject file without which a case has nothing to look at. */
export type DeclaredField =
  | 'plain'
  | 'otherIssuer'
  | 'fingerprint'
  | 'ports'
  | 'transfer'
  | 'unsecured'
  | 'roles'
  | 'tenants'
  | `disabled.${Disableable}`;

/** How a subject learns of revocation: CRLs given to it, CRLs that it fetches, OCSP. */
export type Learning = 'file' | 'crldp' | 'ocsp';

/** The parts of a subject that a valid exchange is made of. */
export interface Addressee {
  /** The provider's service root URL, byte for byte as registered. */
  readonly url: string;
  readonly asid?: { readonly provider: string; readonly consumer: string } | undefined;
  /** Capabilities that are on, each with the service root URL at which it is registered; absent: not told. */
  readonly capabilities?: Readonly<Partial<Record<Capability, string>>> | undefined;
  /** Test data that the subject holds, by the names that interactions need. */
  readonly data?: Readonly<Record<string, string>> | undefined;
}

/** A named class of conformance: whose requirements, and what a valid exchange looks like. */
export interface Profile {
  readonly id: string;
  readonly title: string;
  /** The editions of its security page that a subject can be held to, newest first. */
  readonly editions: readonly [string, ...string[]];
  /** Documents that bind. */
  readonly documents: readonly DocumentId[];
  /** Documents that inform: what is shown for them is noted, and changes no verdict but theirs. */
  readonly informs: readonly DocumentId[];
  /** `resourceType` of the payload that answers the valid exchange; with a slash in it, its media type. */
  readonly payload: string;
  readonly valid: (subject: Addressee) => Exchange;
  /** What else it can address. */
  readonly interactions: readonly Interaction[];
  /** The valid exchange of one of its interactions. */
  readonly exchange: (subject: Addressee, interaction: Interaction) => Exchange;
  /** What is otherwise in an edition that has a text of its own; by its name. */
  readonly apart?: Readonly<Record<string, Apart>>;
}

/** What an edition with a text of its own has in place of what the profile has. */
export type Apart = Pick<Profile, 'title' | 'documents' | 'payload' | 'valid' | 'interactions' | 'exchange'>;
