import type { Case } from '../model.ts';
import cacheControl from './cache-control.ts';
import clientCertificate from './client-certificate.ts';
import connection from './connection.ts';
import error from './error.ts';
import { ftrsCatalogue } from './ftrs.ts';
import outcome from './outcome.ts';
import probe from './probe.ts';
import html from './html.ts';
import hostile from './hostile.ts';
import retrieval from './retrieval.ts';
import revocation from './revocation.ts';
import request from './request.ts';
import response from './response.ts';
import scope from './scope.ts';
import serverCertificate from './server-certificate.ts';
import sspHeader from './ssp-header.ts';
import write, { toldOfWrites } from './write.ts';
import token from './token.ts';
import wayRound from './way-round.ts';

/** What is asked behind the Spine, in the order in which a person would look: connection, certificate, request, token, answers. */
export const catalogue: readonly Case[] = [
  ...connection,
  ...clientCertificate,
  ...wayRound,
  ...probe,
  ...serverCertificate,
  ...revocation,
  ...sspHeader,
  ...request,
  ...token,
  // Before what writes: a registration under a wrong scope is tried while the number is free.
  ...scope,
  ...write,
  ...error,
  ...toldOfWrites,
  ...outcome,
  ...cacheControl,
  ...response,
  ...hostile,
  ...retrieval,
  ...html,
];

/** The cases of every profile. Which of them a profile is held to follows from the clauses that they bear on. */
export const everyCase: readonly Case[] = [...catalogue, ...ftrsCatalogue];
