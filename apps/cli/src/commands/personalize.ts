// `firmseal personalize`: blank chips at a trusted site, all at once, each through its own way.

import { Command, Option } from '@commander-js/extra-typings';
import type { Bytes } from '@firmseal/bytes';
import { type AgentBuild, findChip, requireAgent } from '@firmseal/chips';
import { nodeCrypto } from '@firmseal/crypto-node';
import { Fault } from '@firmseal/fault';
import type { DevicePublic, Origin } from '@firmseal/formats';
import { refuseKnownTestKeys } from '@firmseal/keys';
import type { PersonalizedDevice } from '@firmseal/personalization';
import { agentBuildNames, agentSha256 } from '../agent-image.ts';
import { compareClocks } from '../authority-clock.ts';
import { chipOption } from '../chip-option.ts';
import {
  examples,
  level,
  number,
  passphraseOption,
  productOption,
  rootKeyOption,
  stationsOption,
} from '../options.ts';
import { agentDelegationOf } from '../personalization/agent-owner.ts';
import { bringRecord, recordTaker } from '../personalization/bring-records.ts';
import { chosenDeviceCa } from '../personalization/chosen-device-ca.ts';
import { EnrolmentList } from '../personalization/enrolment-list.ts';
import { collectWays, isVirtual, kindOf, type Plug, plugsOf, remoteOf } from '../personalization/plugs.ts';
import { appendRecord, recordOf, refuseUnwritableRecords } from '../personalization/records-file.ts';
import { runChips } from '../personalization/run-chips.ts';
import { UnwitnessedCount } from '../personalization/unwitnessed-count.ts';
import { whatToWrite } from '../personalization/what-to-write.ts';
import { readPublicKey } from '../public-key-file.ts';
import { checkClock } from '../release-date.ts';
import { type Stations, withStations } from '../remote/stations.ts';
import { runs } from '../runs.ts';
import type { Shell } from '../shell.ts';
import { neverTriedOption, requireTried, siliconReportOption } from '../silicon/tried.ts';
import { collectSockets, openSocket } from '../sockets.ts';

/** A line that is only the agent's must open before the first chip is erased. */
async function tryLines(plugs: readonly Plug[], stations: Stations): Promise<void> {
  for (const { via, socket } of plugs)
    if (via !== socket && kindOf(socket) !== 'usb') await (await openSocket(socket, stations)).close();
}

/** Virtual chips play the WebAssembly build faster. */
const buildFor = (plugs: readonly Plug[], named: AgentBuild | undefined): AgentBuild =>
  named ?? (plugs.every(isVirtual) ? 'webassembly' : 'machine-code');

function levelOf({
  level: given,
  rehearsal,
}: {
  level?: 0 | 1 | 2 | undefined;
  rehearsal?: true | undefined;
}) {
  if (rehearsal !== true) return given ?? 2;
  if (given !== undefined && given !== 0) throw new Fault('rehearsal-level', { level: given });
  return 0;
}

/**
 * Asked to stop, it finishes what it began: a chip that is half personalized would have to be erased. Throws
 * `command-stopped` then, and what `work` throws.
 */
async function finishing(shell: Shell, work: () => Promise<void>): Promise<void> {
  let stoppedBy: string | undefined;
  const giveBack = shell.stops.take((signal) => {
    stoppedBy = signal;
  });
  try {
    await work();
    if (stoppedBy !== undefined) throw new Fault('command-stopped', { signal: stoppedBy });
  } finally {
    giveBack();
  }
}

export const command = (shell: Shell) =>
  new Command()
    .requiredOption(
      '--via <place>',
      'way to a blank chip: serial:, usb:, tcp:, probe:, openocd: or virtual:, with --unwitnessed also behind ' +
        'station:NAME/; or `written`, where another programmer wrote the agent (repeat)',
      collectWays,
    )
    .option(
      '--socket <place>',
      'the same chip for its agent: serial:, usb: or tcp: (repeat, in the same order; default: the --via)',
      collectSockets,
    )
    .addOption(
      new Option(
        '--agent-build <name>',
        'what is written: machine code, or WebAssembly, which virtual chips play faster (the default there)',
      ).choices(agentBuildNames),
    )
    .addOption(chipOption())
    .option('--board <name>', 'board settings: a ready board, or a board.json (spec/board.md)')
    .addOption(productOption())
    .addOption(rootKeyOption())
    .option('--device-ca <file>', 'the device CA key of this site')
    .option(
      '--site-certifying',
      'instead of it: the authority certifies the chips, up to the cap of this site (docs/desk.md)',
    )
    .option(
      '--agent-delegation <file>',
      "the agent signer's delegation: chips start his agents sooner (docs/agent-update.md)",
    )
    .option('--level <level>', 'final readout protection: 0, 1 or 2; default 2', level)
    .option('--rehearsal', 'leave the chip at level 0; certificate and receipts say that it was a rehearsal')
    .option(
      '--unwitnessed',
      'for a place that nobody trusts: the chip makes its keys after its protection was set; what it proves says UNWITNESSED',
    )
    .option(
      '--unwitnessed-cap <number>',
      'how many such identities this device CA certifies in all, counted in a file beside its key',
      number({ least: 1, most: 1_000_000 }),
      1,
    )
    .option(
      '--enrolment-list <file>',
      'for chips that a programming house wrote and protected: the list of `agent export --enrol`, each secret of which is certified once; what such a chip proves says ENROLLED',
    )
    .option(
      '--authority <url>',
      "compare this machine's clock with the authority's before anything is written; with --site-certifying it certifies",
    )
    .addOption(stationsOption())
    .option(
      '--token-file <file>',
      "a site's token: with --site-certifying, whose cap counts; with --records, each record goes to the authority too",
    )
    .option('--confirm-permanent', 'required for level 2, which can never be undone')
    .addOption(siliconReportOption())
    .addOption(neverTriedOption())
    .option('--confirm-erase', 'erase a chip at level 1 and start over')
    .option('--records <file>', 'add a signed record of each chip to this file')
    .option('--epoch <number>', 'epoch that the chip starts with', number(), 0)
    .addOption(passphraseOption('the device CA key'))
    .addHelpText(
      'after',
      examples(
        'personalize --chip stm32g0b1 --board nucleo-g0b1re --product panel --root-key root.key.pub \\\n' +
          '      --device-ca ca.key --via serial:/dev/ttyACM0 --rehearsal',
        'personalize --chip stm32f427 --product panel --root-key root.key.pub --device-ca ca.key \\\n' +
          '      --via virtual:127.0.0.1:4001 --socket tcp:127.0.0.1:5001 --confirm-permanent',
        'personalize --chip stm32f427 --product panel --root-key root.key.pub --device-ca ca.key \\\n' +
          '      --via station:hall/serial:/dev/ttyUSB0 --stations stations.json --unwitnessed --confirm-permanent',
      ),
    )
    .action(
      runs(shell, async (face, options) => {
        const { product, epoch, records, rehearsal = false, unwitnessed = false } = options;
        const deviceCaOf = chosenDeviceCa(face, options);
        const authority = options.siteCertifying ? undefined : recordTaker(face, options);
        const readoutLevel = levelOf(options);
        const { enrolmentList } = options;
        // The level of an enrolled chip stands already; it is only looked at.
        const locks = readoutLevel === 2 && enrolmentList === undefined;
        if (locks && options.confirmPermanent !== true) throw new Fault('permanent-unconfirmed');
        const plugs = plugsOf(options.via, options.socket);
        const remote = plugs.map(remoteOf).find((place) => place !== undefined);
        if (remote !== undefined && !unwitnessed)
          throw new Fault('station-unwitnessed-only', { place: remote });
        const programmed = plugs.find(({ via }) => via !== 'written');
        if (enrolmentList !== undefined && programmed !== undefined)
          throw new Fault('enrolment-way', { via: programmed.via });
        checkClock(new Date());
        if (options.authority !== undefined) await compareClocks(shell, options.authority);
        const chip = findChip(options.chip);
        requireAgent(chip);
        const build = buildFor(plugs, options.agentBuild);
        const { board, ...image } = whatToWrite(chip, build, options.board);
        const locked = { ways: options.via, agentSha256: agentSha256(chip, build) };
        if (locks) requireTried(chip, locked, options);
        const rootPublicKey = readPublicKey(options.rootKey);
        refuseKnownTestKeys(rootPublicKey);
        const agentDelegation = agentDelegationOf(options.agentDelegation, { rootPublicKey, product, epoch });
        const places = plugs.flatMap(({ via, socket }) => [via, socket]);
        const given = { stations: options.stations, places };
        await deviceCaOf({ product, epoch, rootPublicKey }, ({ deviceCa, file, validFrom, signer }) =>
          withStations(face, given, async (stations) => {
            const enrolled =
              enrolmentList === undefined ? undefined : await EnrolmentList.open(enrolmentList);
            const isCounted = unwitnessed && file !== undefined;
            const count = isCounted ? await UnwitnessedCount.open(file, options.unwitnessedCap) : undefined;
            const kind = enrolled ? 'enrolled' : unwitnessed ? 'unwitnessed' : 'witnessed';
            const origin: Origin = { kind, rehearsal };
            const run = {
              ...{ face, chip, plugs, stations },
              shared: {
                ...{ crypto: nodeCrypto, product, epoch, rootPublicKey, agentDelegation, deviceCa },
                level: readoutLevel,
                ...{ ...image, validFrom, origin },
                ...(count && { beforeCertified: (device: DevicePublic) => count.add(device) }),
                ...(enrolled && {
                  enrolmentSecret: (id: Bytes) => enrolled.secretOf(id),
                  beforeCertified: (device: DevicePublic, id?: Bytes) => enrolled.take(id!, device),
                }),
                eraseProtected: options.confirmErase === true,
              },
              onDevice: async (device: PersonalizedDevice, { via }: Plug) => {
                if (records === undefined || signer === undefined) return;
                const sha256 = via === 'written' ? undefined : agentSha256(chip, build);
                const facts = { agentSha256: sha256, board, now: new Date() };
                const record = await recordOf(signer, device, facts);
                appendRecord(records, device, record);
                if (authority !== undefined) await bringRecord(face, authority, { record, file: records });
              },
            };
            try {
              await tryLines(plugs, stations);
              if (records !== undefined) refuseUnwritableRecords(records);
              await finishing(shell, () => runChips(run));
            } finally {
              await count?.close();
              await enrolled?.close();
            }
          }),
        );
      }),
    );
