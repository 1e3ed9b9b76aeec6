// From where on a recovered chip takes versions and licenses: what the authority knows of the device, or what
// a person says.

import type { RecoverySubject } from '@firmseal/approval';
import type { RecoveryFloor } from '@firmseal/authority-contract';
import { type Bytes, toHex } from '@firmseal/bytes';
import { Fault } from '@firmseal/fault';
import type { DevicePublic } from '@firmseal/formats';
import type { Hello } from '@firmseal/license';
import { type ApproverOptions, approveRecovery } from '../approver.ts';
import { accessAuthority } from '../authority-access.ts';
import type { Face } from '../face.ts';

export interface AuthorityAccess extends ApproverOptions {
  readonly authority?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly floor?: number | undefined;
}

export interface Floors {
  readonly securityCounter: number;
  readonly unwraps: number;
  /** In force at the authority; undefined when no authority was asked. */
  readonly epoch?: number;
}

/** A chip that takes a license each minute of its life stays below. */
const minutesSince1970 = () => Math.floor(Date.now() / 60_000);

function clientOf(face: Face, { authority, tokenFile }: AuthorityAccess) {
  if (authority === undefined || tokenFile === undefined) return undefined;
  return accessAuthority(face, { authority, tokenFile });
}

/**
 * Never below what the chip says of itself. With an authority and `--floor` the higher one counts. Throws
 * `recovery-floor-missing`, `recovery-approvals-missing` where the root asks for approvals, and the faults of
 * the authority.
 */
export async function findFloors(
  face: Face,
  access: AuthorityAccess,
  chip: { product: string; device: DevicePublic; hello: Hello },
): Promise<Floors> {
  const { product, device, hello } = chip;
  const client = clientOf(face, access);
  const { floor = 0 } = access;
  if (client === undefined) {
    if (access.floor === undefined) throw new Fault('recovery-floor-missing');
    face.warn(
      `no authority was asked: the chip will take every version from security counter ${floor} on, and no license from before this minute`,
    );
    const unwraps = Math.max(minutesSince1970(), hello.unwraps);
    return { securityCounter: Math.max(floor, hello.securityCounter), unwraps };
  }
  const { thumbprint } = device;
  const known = await client.call('recoveryFloor', { product, thumbprint });
  const { licenses, securityCounter, unwraps, epoch } = known;
  const floors = {
    securityCounter: Math.max(securityCounter, floor, hello.securityCounter),
    unwraps: Math.max(unwraps, hello.unwraps),
  };
  face.tell(
    { event: 'floors', licenses, securityCounter, unwraps, epoch },
    `the authority licensed this device ${licenses} times, up to security counter ${securityCounter}`,
  );
  if (known.approvalsNeeded > 0) {
    const subject = { kind: 'recovery', thumbprint, ...floors } as const;
    await approveRecovery(face, client, { options: access, product, subject });
    requireApproved(await client.call('recoveryFloor', { product, thumbprint }), subject);
  }
  return { ...floors, epoch };
}

/** Before anything is signed: the authority looks again before it logs. */
function requireApproved(
  { approvalsNeeded: needed, approvals }: RecoveryFloor,
  wanted: RecoverySubject,
): void {
  const { securityCounter: counter, unwraps, thumbprint } = wanted;
  const same = approvals.find((one) => one.securityCounter === counter && one.unwraps === unwraps);
  const given = same?.given ?? 0;
  if (given >= needed) return;
  const device = toHex(thumbprint);
  throw new Fault('recovery-approvals-missing', { given, needed, counter, unwraps, device });
}

/** Before the chip gets the bundle, so that no statement is used that the log does not have. */
export async function recordAtAuthority(
  face: Face,
  access: AuthorityAccess,
  recovery: { product: string; certificate: Bytes; hello: Bytes; bundle: Bytes },
): Promise<void> {
  await clientOf(face, access)?.call('recordRecovery', recovery);
}
