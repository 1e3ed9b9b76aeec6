// Plain lines for logs and for output that is no terminal: what happened, one line an event, no progress.

import { faultLabel } from '@firmseal/fault';
import type { FaultReport, InstallEvent } from './events.ts';
import type { ReceiptKeeper } from './line-authority.ts';
import { renderResult } from './render-result.ts';
import { plainText } from './render-text.ts';

const faultText = (fault: FaultReport) => `${faultLabel(fault.code)} ${fault.sentence}`;

const receiptPlaces = {
  authority: 'stored by the authority',
  outbox: 'kept in the outbox',
  holder: 'not sent to the owner',
} as const satisfies Record<ReceiptKeeper, string>;

function describe(event: InstallEvent): string | undefined {
  switch (event.kind) {
    case 'planned':
      return `install ${event.installId.slice(0, 8)} of version ${event.firmwareVersion}`;
    case 'chip':
      return `chip ${event.chipId}, device ${event.thumbprint.slice(0, 16)}, ${event.lifeCycle}, readout level ${event.readoutLevel}, agent ${event.agentVersion}`;
    case 'licensed': {
      const quota =
        event.newUnit === null ? '' : event.newUnit ? ', one unit of quota taken' : ', no quota taken';
      const digests = event.deviceDataDigests.map((digest) => digest.slice(0, 16)).join(' ');
      const data = digests === '' ? '' : `, per-device data of digest ${digests}`;
      return `license ${event.licenseId.slice(0, 8)} for unit ${event.unitIndex}${quota}${data}`;
    }
    case 'restart':
      return `reconnecting (${event.restarts}): ${event.fault === null ? 'the chip resets itself' : faultText(event.fault)}`;
    case 'receipt': {
      const place = receiptPlaces[event.keptBy];
      const marks = `${event.fresh ? '' : ', NOT FRESH'}${event.outcome === 'PASS' ? '' : `, ${event.outcome}`}`;
      const other =
        event.otherJob === null ? '' : `, installed under job ${event.otherJob}: nothing was spent`;
      return `receipt verified, ${place}${marks}${other}`;
    }
    case 'agent':
      return `agent ${event.before} replaced by agent ${event.now}`;
    case 'note':
      return `note: ${faultText(event.fault)}`;
    case 'result':
      return event.outcome === 'fail' ? `failed: ${faultText(event.fault)} ${event.fault.remedy}` : undefined;
    case 'state':
    case 'progress':
      return undefined;
  }
}

/** The lines for an event, without line feeds; none for states and progress, two for a failure. */
export function renderLines(event: InstallEvent): string[] {
  const text = describe(event);
  const line = text === undefined ? [] : [plainText(`[${event.socketNumber}] ${event.socket}: ${text}`)];
  return event.kind === 'result' ? [...line, renderResult(event)] : line;
}
