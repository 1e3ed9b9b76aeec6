// All checks of `firmseal doctor`, in the order in which they are shown.

import { checkAuthority, checkOwnClock } from './checks/authority.ts';
import { checkHolders, checkHubs, checkLatencyTimers } from './checks/cables.ts';
import { checkDrivers, checkSerialPermissions, checkUsbPermissions } from './checks/permissions.ts';
import { checkNode, checkOpenocd, checkSerialLibrary, checkUsbLibrary } from './checks/versions.ts';
import type { Finding } from './finding.ts';
import type { Machine } from './machine.ts';

export async function runChecks(
  machine: Machine,
  { authority }: { authority?: string | undefined } = {},
): Promise<Finding[]> {
  return [
    checkNode(machine),
    await checkSerialLibrary(machine),
    await checkUsbLibrary(machine),
    checkOpenocd(machine),
    ...(await checkDrivers(machine)),
    ...(await checkSerialPermissions(machine)),
    ...(await checkUsbPermissions(machine)),
    ...checkLatencyTimers(machine),
    ...checkHubs(machine),
    ...(await checkHolders(machine)),
    checkOwnClock(machine),
    ...(await checkAuthority(machine, authority)),
  ];
}
