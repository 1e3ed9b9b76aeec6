// What each state of an install does. spec/agent.md section 1 and spec/link.md section 3 give the order;
// journal lines stand before the effect that they announce. The loop around the steps is install.ts.

import { AgentClient } from '@firmseal/agent-client';
import { type Bytes, equalBytes, toHex } from '@firmseal/bytes';
import { findChip } from '@firmseal/chips';
import { Fault } from '@firmseal/fault';
import { checkLicenseDate, parseReceiptUnverified } from '@firmseal/license';
import { sleep } from '@firmseal/link';
import { agentAreaOf, checkForChip } from '@firmseal/seal';
import { asFault, reportFault } from './fault-report.ts';
import type {
  HeldLicense,
  InstallContext,
  InstallSettings,
  StepOutcome,
  StepTools,
} from './install-context.ts';
import type { WorkingState } from './install-states.ts';
import { licensesInJournal, toJournalLicense } from './journal.ts';
import type { KnownLicense } from './verifier.ts';

type Step = (context: InstallContext, tools: StepTools) => Promise<StepOutcome>;

/** A value that an earlier state has set; its absence is a mistake in the table of states. */
function held<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Fault('internal-error', { detail: `an install without ${what}` });
  return value;
}

const clientOf = (context: InstallContext) => held(context.client, 'a connection');
const greetingOf = (context: InstallContext) => held(context.greeting, 'a hello');
const licenseOf = (context: InstallContext) => held(context.license, 'a license');

const opening: Step = async (context, { settings }) => {
  const { opener, socket, clock, newId } = settings;
  const stream = await opener.open(socket);
  const firstSequence = Number.parseInt(newId().slice(0, 2), 16);
  const client = await AgentClient.connect({ stream, clock, firstSequence });
  return { next: 'hello', context: { ...context, client } };
};

/**
 * Whether the agent that was installed last is that of the manifest. Nothing is believed yet: the receipt
 * that is asked for next is verified.
 */
async function holdsAgentOf(client: AgentClient, manifestDigest: Bytes): Promise<boolean> {
  try {
    const { manifestDigest: said } = parseReceiptUnverified(await client.agentReceipt());
    return equalBytes(said, manifestDigest);
  } catch (error) {
    // `request-unknown`: an agent from before agents were replaced.
    if (error instanceof Fault && (error.code === 'no-receipt' || error.code === 'request-unknown'))
      return false;
    throw error;
  }
}

const hello: Step = async (context, { settings, emit, meet }) => {
  const { authority, verifier, sealed, socket } = settings;
  const client = clientOf(context);
  const { core, digest } = sealed.manifest;
  const { lifeCycle, chipId } = client.info;
  // The info is not signed; these two only save a wrong chip the way to the authority.
  if (lifeCycle === 'blank') throw new Fault('chip-not-ready', { socket, lifeCycle });
  if (lifeCycle === 'recovery-needed') throw new Fault('recovery-needed', { socket });
  if (!core.chips.includes(chipId)) throw new Fault('manifest-chip-wrong', { chip: chipId });
  const challenge = await authority.giveChallenge('hello');
  const answer = await client.hello(challenge);
  const device = verifier.hello(answer, challenge);
  if (!core.chips.includes(device.chipId)) throw new Fault('manifest-chip-wrong', { chip: device.chipId });
  await meet(device.thumbprint);
  const { readoutLevel, agentVersion } = device;
  const thumbprint = toHex(device.thumbprint);
  emit({
    kind: 'chip',
    chipId: device.chipId,
    thumbprint,
    lifeCycle: device.lifeCycle,
    readoutLevel,
    agentVersion,
  });
  const holdsPackage =
    (device.lifeCycle === 'installed' || device.lifeCycle === 'trial') &&
    device.manifestDigest !== undefined &&
    equalBytes(device.manifestDigest, digest);
  const greeted = { ...context, greeting: { challenge, answer, device } };
  const holdsAgent = agentAreaOf(core) !== undefined && (await holdsAgentOf(client, digest));
  if (holdsPackage || holdsAgent) return { next: 'receipt', context: greeted };
  return { next: context.license === undefined ? 'licensing' : 'package', context: greeted };
};

const licensing: Step = async (context, { settings, emit, record }) => {
  const { challenge, answer, device } = greetingOf(context);
  const { thumbprint } = device;
  const { manifest } = settings.sealed;
  // What the chip would refuse for good takes no unit.
  checkForChip(manifest, findChip(device.chipId), device);
  const requestId = settings.newId();
  await record({ kind: 'hello', thumbprint: toHex(thumbprint), requestId });
  const given = await settings.authority.issueLicense({
    ...answer,
    challenge,
    thumbprint,
    manifestDigest: manifest.digest,
    requestId,
  });
  const known = settings.verifier.license(given.bundle, thumbprint);
  checkLicenseDate(known.terms, settings.now());
  const newUnit = given.newUnit ?? null;
  await record({ kind: 'licensed', license: toJournalLicense(known), newUnit });
  const { licenseId, unitIndex } = known.terms;
  const deviceDataDigests = known.terms.deviceDataDigests.map(toHex);
  emit({ kind: 'licensed', licenseId: toHex(licenseId), unitIndex, newUnit, deviceDataDigests });
  return { next: 'package', context: { ...context, license: { bundle: given.bundle, known } } };
};

const sendPackage: Step = async (context, { settings }) => {
  await clientOf(context).sendPackageHeader(settings.sealed.headerBytes);
  return { next: 'license', context };
};

const license: Step = async (context, { record }) => {
  const { bundle, known }: HeldLicense = licenseOf(context);
  await record({ kind: 'begun', licenseId: toHex(known.terms.licenseId) });
  const answer = await clientOf(context).sendLicense(bundle);
  return { next: answer === 'ready' ? 'records' : 'restarting', context };
};

const records: Step = async (context, { settings, emit, record }) => {
  const { recordCount, recordAt, bytesBefore } = settings.sealed;
  const totalBytes = bytesBefore(recordCount);
  emit({ kind: 'progress', doneBytes: 0, totalBytes });
  await clientOf(context).streamRecords({
    count: recordCount,
    recordAt,
    onAwaited: (index) => emit({ kind: 'progress', doneBytes: bytesBefore(index), totalBytes }),
  });
  await record({ kind: 'committed' });
  return { next: 'receipt', context };
};

/** What the station knows of licenses for a chip that already held the package when it was met. */
async function knownLicenses(settings: InstallSettings, thumbprint: Bytes): Promise<KnownLicense[]> {
  const { authority, verifier, sealed, journal } = settings;
  const bundle = await authority.knownLicense?.(thumbprint);
  const known = bundle === undefined ? [] : [verifier.license(bundle, thumbprint)];
  return [...known, ...licensesInJournal(journal.entries, thumbprint, sealed.manifest.digest)];
}

const receipt: Step = async (context, { settings }) => {
  const { authority, verifier } = settings;
  const { answer, device } = greetingOf(context);
  const given = await authority.giveChallenge('receipt');
  const challenge: Bytes | undefined = given.length > 0 ? given : undefined;
  const client = clientOf(context);
  const isAgent = agentAreaOf(settings.sealed.manifest.core) !== undefined;
  const bytes = await (isAgent ? client.agentReceipt(challenge) : client.receipt(challenge));
  const mustBeKnown = context.license !== undefined;
  const licenses = mustBeKnown
    ? [licenseOf(context).known]
    : await knownLicenses(settings, device.thumbprint);
  const verified = verifier.receipt({ receipt: bytes, answer, licenses, mustBeKnown, challenge });
  // A chip that was given a challenge and answers NOT FRESH proves nothing about now.
  if (challenge !== undefined && !verified.fresh) throw new Fault('receipt-challenge-wrong');
  const { licenseId, fresh, outcome } = verified;
  return {
    next: 'storing',
    context: { ...context, receipt: { receipt: bytes, licenseId, challenge, fresh, outcome } },
  };
};

const storing: Step = async (context, { settings, emit, record }) => {
  const { fresh, outcome, ...delivery } = held(context.receipt, 'a receipt');
  const { certificate } = greetingOf(context).answer;
  const { thumbprint } = greetingOf(context).device;
  const { keptBy, otherJob } = await settings.authority.storeReceipt({ ...delivery, certificate });
  settings.keepProof?.({ ...delivery, certificate, thumbprint, bundle: context.license?.bundle });
  const licenseId = toHex(delivery.licenseId);
  await record({ kind: 'receipt', licenseId, thumbprint: toHex(thumbprint), fresh, outcome, keptBy });
  const under = otherJob === undefined ? null : toHex(otherJob);
  emit({ kind: 'receipt', licenseId, fresh, outcome, keptBy, otherJob: under });
  return { next: 'closing', context };
};

/** How often the chip is asked while its anchor copies the agent. */
const helloAttempts = 4;

/** The agent that the reset starts, by its signed hello. It waits on its link after its first start. */
async function meetNewAgent(settings: InstallSettings): Promise<{ client: AgentClient; version: number }> {
  const { opener, socket, clock, newId, authority, verifier } = settings;
  for (let attempt = 1; ; attempt++) {
    await sleep(clock, settings.restartPauseMs ?? 500);
    try {
      const stream = await opener.open(socket);
      const firstSequence = Number.parseInt(newId().slice(0, 2), 16);
      const client = await AgentClient.connect({ stream, clock, firstSequence });
      const challenge = await authority.giveChallenge('hello');
      const { agentVersion: version } = verifier.hello(await client.hello(challenge), challenge);
      return { client, version };
    } catch (error) {
      if (attempt === helloAttempts) throw error;
    }
  }
}

/** Resets the chip, so that the new agent starts, and says which one did. */
async function startNewAgent(client: AgentClient, before: number, tools: StepTools): Promise<AgentClient> {
  const { settings, emit } = tools;
  await client.start();
  await client.close();
  const met = await meetNewAgent(settings);
  emit({ kind: 'agent', before, now: met.version });
  return met.client;
}

const closing: Step = async (context, tools) => {
  const { settings, emit } = tools;
  let client = clientOf(context);
  try {
    await client.acknowledge();
    const { device } = greetingOf(context);
    if (agentAreaOf(settings.sealed.manifest.core) !== undefined)
      client = await startNewAgent(client, device.agentVersion, tools);
    if (settings.startApplication) await client.start();
  } catch (error) {
    // The receipt is proven and stored: what fails here changes nothing in it.
    emit({ kind: 'note', fault: reportFault(asFault(error)) });
  }
  return { next: 'passed', context: { ...context, client } };
};

const restarting: Step = async (context, { settings }) => {
  await context.client?.close();
  await sleep(settings.clock, settings.restartPauseMs ?? 500);
  const { license: kept } = context;
  return { next: 'opening', context: { license: kept } };
};

export const installSteps: Readonly<Record<WorkingState, Step>> = {
  opening,
  hello,
  licensing,
  package: sendPackage,
  license,
  records,
  receipt,
  storing,
  closing,
  restarting,
};
